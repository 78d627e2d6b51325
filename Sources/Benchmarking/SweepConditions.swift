import Models
import Probing

/// The knockouts of two papers on one prompt, as the benchmark runs them.
struct SweepConditions {
    private let layout: PromptLayout
    private let shape: ProbeShape
    private let image: [Int]
    private let patches: PatchGrid

    /// Conditions on the first picture of a prompt.
    init(layout: PromptLayout, shape: ProbeShape) {
        self.layout = layout
        self.shape = shape
        image = layout.images[0].patchPositions.map { $0 }
        patches = PatchGrid(count: image.count)
    }

    /// "Towards Interpreting Visual Information Processing in Vision-Language Models" (arXiv 2410.07149): in each of six
    /// windows of layers an object's patches, widened by 0, 1 and 2, and all others are hidden from the last position.
    func lastToken() throws -> [ResolvedInterventions] {
        let last = PositionSet(length: layout.length, positions: [layout.length - 1])
        let object = (0...2).map { patches.object(buffer: $0) }
        let sources = object + [patches.all.subtracting(object[1])]
        return try windows().flatMap { layers in
            sources.map { knockout(layers, from: positions($0), to: last) }
        }
    }

    /// The same paper: the object, and all other rows, are hidden from the picture's last row.
    func lastRow() throws -> [ResolvedInterventions] {
        let row = positions(patches.lastRow)
        let sources = [patches.object(buffer: 1), patches.all.subtracting(patches.lastRow)]
        return try windows().flatMap { layers in sources.map { knockout(layers, from: positions($0), to: row) } }
    }

    /// "What's in the Image? A Deep-Dive into the Vision of Vision Language Models" (arXiv 2411.17491): three presets
    /// from each of eight layers on, and outside the middle.
    func generative() -> [ResolvedInterventions] {
        let count = shape.layers
        let middle = count / 8..<max(count * 5 / 8, count / 8 + 1)
        let windows = (0..<8).map { Array($0 * count / 8..<count) } + [(0..<count).filter { !middle.contains($0) }]
        let readers = layout.positions(named: "post_image") ?? []
        let receivers = [
            PositionSet(length: layout.length, generated: true),
            PositionSet(length: layout.length, positions: readers),
            PositionSet(length: layout.length, positions: readers, generated: true),
        ]
        let sources = PositionSet(length: layout.length, positions: image)
        return receivers.flatMap { to in windows.map { knockout($0, from: sources, to: to) } }
    }

    // MARK: - Private

    /// The five named windows and all layers.
    private func windows() throws -> [[Int]] {
        let names = ["early", "early-mid", "mid", "mid-late", "late"]
        let selectors = names.compactMap { LayerSelector.presets[$0] } + [.all]
        return try selectors.map { try $0.resolved(count: shape.layers, parameter: "layers") }
    }

    private func positions(_ patches: Set<Int>) -> PositionSet {
        PositionSet(length: layout.length, positions: patches.map { image[$0] })
    }

    private func knockout(_ layers: [Int], from sources: PositionSet, to receivers: PositionSet)
        -> ResolvedInterventions
    {
        ResolvedInterventions(edges: [
            EdgeEdit(
                layers: layers,
                receivers: receivers,
                sources: sources,
                heads: Array(0..<shape.heads),
                mode: .preSoftmax
            )
        ])
    }
}

/// A square of patches with an object in its middle.
private struct PatchGrid {
    let side: Int

    init(count: Int) {
        side = Int(Double(count).squareRoot())
    }

    var all: Set<Int> { Set(0..<side * side) }
    var lastRow: Set<Int> { Set((side - 1) * side..<side * side) }

    /// A square of a quarter of the side, `buffer` patches wider on every side.
    func object(buffer: Int) -> Set<Int> {
        let middle = max(0, side * 3 / 8 - buffer)..<min(side, side * 5 / 8 + buffer)
        return Set(middle.flatMap { row in middle.map { row * side + $0 } })
    }
}
