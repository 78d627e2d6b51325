import Experiments
import Imaging
import Models
import Probing
import Testing

/// A prompt as the papers use it: bos, two words, a picture of 24 × 24 patches of 14 pixels, three words, last.
private enum PaperLayout {
    static let image = 3..<579
    static let last = 582

    static let layout: PromptLayout = {
        let axis = AxisMap(scale: 1, offset: 0)
        let tile = Tile(name: "image", rows: 24, cols: 24, patchSize: 14, horizontal: axis, vertical: axis)
        let geometry = ImageGeometry(
            originalWidth: 336,
            originalHeight: 336,
            preprocess: .crop,
            modelHeight: 336,
            modelWidth: 336,
            tiles: [tile]
        )
        let kinds: [Int: PositionKind] = [
            0: .bos, 1: .template, 2: .template, 579: .question, 580: .question, 581: .question, 582: .template,
        ]
        return PromptLayout(
            tokens: kinds.sorted { $0.key < $1.key }.map { .init(position: $0, id: $0, text: "t", kind: $1) },
            images: [ImagePlacement(imageID: "img", geometry: geometry, positions: image)]
        )
    }()

    static func resolve(_ variant: SweepVariant, depth: Int) throws -> EdgeEdit {
        try #require(
            try EdgeEdit.resolve(
                variant.interventions[0],
                layout: layout,
                shape: ProbeShape(layers: depth, heads: 2, hiddenSize: 32),
                parameter: variant.name
            )
        )
    }

    static func patch(_ row: Int, _ col: Int) -> Int { image.lowerBound + row * 24 + col }
}

@Suite struct SweepTests {
    /// Patches of rows 22 and 23, columns 0 and 1.
    private let object = SpanSelector.box(Box(x0: 0, y0: 308, x1: 28, y1: 336), buffer: 0, image: 0)

    @Test func theReadoutHasThirtySixConditionsInTheWindowsOfThePaper() throws {
        let sweep = Sweep.objectReadout(object: object)
        #expect(sweep.count == 36)
        #expect(Set(sweep.map(\.name)).count == 36)
        let knockouts = try sweep.map { try PaperLayout.resolve($0, depth: 32) }
        let windows = [0...9, 5...14, 11...20, 15...24, 21...31, 0...31].map(Array.init)
        for (index, knockout) in knockouts.enumerated() {
            #expect(knockout.layers == windows[index % 6], "\(sweep[index].name)")
            #expect(!knockout.receivers.generated && !knockout.sources.generated)
        }
        #expect(knockouts.count { $0.receivers.promptPositions == [PaperLayout.last] } == 24)
        let lastRow = (0..<24).map { PaperLayout.patch(23, $0) }
        #expect(knockouts.count { $0.receivers.promptPositions == lastRow } == 12)
    }

    @Test func theReadoutCutsExactlyItsRows() throws {
        let sweep = Sweep.objectReadout(object: object)
        func sources(_ name: String) throws -> [Int] {
            let variant = try #require(sweep.first { $0.name == name })
            return try PaperLayout.resolve(variant, depth: 32).sources.promptPositions
        }
        func patches(_ rows: ClosedRange<Int>, _ cols: ClosedRange<Int>) -> [Int] {
            rows.flatMap { row in cols.map { PaperLayout.patch(row, $0) } }
        }
        let near = patches(21...23, 0...2)
        #expect(try sources("object->last@mid") == patches(22...23, 0...1))
        #expect(try sources("object+1->last@mid") == near)
        #expect(try sources("object+2->last@all") == patches(20...23, 0...3))
        #expect(try sources("image-object+1->last@late") == PaperLayout.image.filter { !near.contains($0) })
        #expect(try sources("object+1->last-row@early") == near)
        #expect(try sources("image-last-row->last-row@early") == Array(PaperLayout.image.dropLast(24)))
    }

    @Test(arguments: [
        (32, [0, 4, 8, 12, 16, 20, 24, 28]), (80, [0, 10, 20, 30, 40, 50, 60, 70]), (8, Array(0..<8)), (2, [0, 1]),
        (1, [0]), (26, [0, 3, 6, 9, 13, 16, 19, 22]),
    ])
    func fromLayerStartsAtEveryEighth(depth: Int, starts: [Int]) throws {
        let knockouts: [Intervention] = [.preset(.imageToGenerated, layers: .all), .preset(.imageToText, layers: .all)]
        let sweep = Sweep.fromLayer(knockouts, depth: depth)
        #expect(sweep.map(\.name) == ["img->gen", "img->txt"].flatMap { name in starts.map { "\(name)@\($0)-" } })
        #expect(sweep.map(\.knockout) == [0, 1].flatMap { Array(repeating: $0, count: starts.count) })
        for (variant, start) in zip(sweep, starts) {
            #expect(try PaperLayout.resolve(variant, depth: depth).layers == Array(start..<depth))
        }
    }

    @Test func theMiddleIsThePapers() throws {
        #expect(Sweep.middle(family: "internvl_chat", depth: 80) == 20...40)
        #expect(Sweep.middle(family: "llava", depth: 32) == 4...20)
        #expect(Sweep.middle(family: "llava", depth: 8) == 1...5)
        #expect(Sweep.middle(family: "llava", depth: 1) == 0...0)
        let sweep = Sweep.exceptMiddle([.preset(.imageToGenerated, layers: .all)], window: 4...20)
        #expect(sweep.map(\.name) == ["img->gen@except 4-20"])
        #expect(try PaperLayout.resolve(sweep[0], depth: 32).layers == Array(0..<4) + Array(21..<32))
    }

    @Test func informationFlowCentresNineLayersOnEach() throws {
        let sweep = Sweep.informationFlow(object: object, depth: 32)
        #expect(sweep.count == 5 * 32)
        #expect(Sweep.informationFlow(object: nil, depth: 32).count == 4 * 32)
        let middle = try #require(sweep.first { $0.name == "image->question@10±4" })
        let knockout = try PaperLayout.resolve(middle, depth: 32)
        #expect(knockout.layers == Array(6...14))
        #expect(knockout.receivers.promptPositions == [579, 580, 581])
        #expect(knockout.sources.promptPositions == Array(PaperLayout.image))
        let own = try #require(sweep.first { $0.name == "last->last@0±4" })
        #expect(try PaperLayout.resolve(own, depth: 32).layers == Array(0...4))
        #expect(try PaperLayout.resolve(own, depth: 32).sources.promptPositions == [PaperLayout.last])
    }

    @Test func windowsThatDifferInOneLayerBothRun() {
        let windows = [2, 3].map { LayerSelector.centered(4, width: $0) }
        let sweep = Sweep.windows([.preset(.imageToText, layers: .all)], layers: windows)
        #expect(sweep.map(\.name) == ["img->txt@4-1+0", "img->txt@4±1"])
    }

    @Test func whatActsInNoLayerRunsOnce() {
        let sweep = Sweep.fromLayer(
            [.tokenAblation(.named("image"), .zero), .preset(.imageToText, layers: .all)],
            starts: [0, 4],
            depth: 8
        )
        #expect(sweep.map(\.name) == ["token_ablation@all", "img->txt@0-", "img->txt@4-"])
    }
}
