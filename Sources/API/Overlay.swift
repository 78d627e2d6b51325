import Foundation
import Generation
import Imaging
import JSON
import Models
import Probing
import WebServer

/// How a map is drawn over its picture when an answer is asked for as a PNG: the `render` member of a request.
struct RenderRequest {
    /// Which row is drawn, by its place among the answer's; `nil` for the mean of all.
    let row: Int?
    /// Which layer is drawn, by its number; `nil` for the mean of all that the request selected.
    let layer: Int?
    /// Which of the prompt's pictures; `nil` for the one that the map is of, else the first.
    let image: Int?
    let renderer: HeatmapRenderer

    /// The fields of the request.
    static let fields: KnownFields = [
        "row": .value, "layer": .value, "image": .value, "colormap": .value, "opacity": .value,
    ]

    /// Reads the `render` member; `nil` stands for its defaults.
    init(_ field: ProbeField?) throws(ProbeError) {
        let field = try field?.object()
        row = try Self.index(field?.member("row"))
        layer = try Self.index(field?.member("layer"))
        image = try field?.member("image")?.integer()
        let colormap: Colormap =
            try field?.member("colormap").map { value throws(ProbeError) in try value.word() } ?? .viridis
        let opacity = try field?.member("opacity")?.number() ?? 0.6
        guard (0...1).contains(opacity) else {
            throw .invalid("render.opacity", "is \(opacity); it must lie in 0…1")
        }
        renderer = HeatmapRenderer(colormap: colormap, opacity: Float(opacity))
    }

    /// The place of `row` among `count` rows, all places where the mean is drawn.
    func rows(of count: Int) throws(ProbeError) -> [Int] {
        guard count > 0 else { throw .unsupported("render", "there is no row to draw: the answer has no token") }
        guard let row else { return Array(0..<count) }
        guard (0..<count).contains(row) else {
            throw .unsupported("render.row", "row \(row) does not exist; the answer has rows 0…\(count - 1)")
        }
        return [row]
    }

    /// Refuses the choice of a row where a map has none.
    func checkWithoutRows() throws(ProbeError) {
        guard let row else { return }
        throw .unsupported("render.row", "is \(row); this map has no rows, leave it out")
    }

    /// Refuses the choice of a row or a layer where a map has neither.
    func checkWithoutRowsAndLayers() throws(ProbeError) {
        try checkWithoutRows()
        guard let layer else { return }
        throw .unsupported("render.layer", "is \(layer); this map has no layers, leave it out")
    }

    /// The place of `layer` among the selected `layers`, all places where the mean is drawn.
    func layers(of layers: [Int]) throws(ProbeError) -> [Int] {
        guard let layer else { return Array(layers.indices) }
        guard let index = layers.firstIndex(of: layer) else {
            throw .unsupported("render.layer", "layer \(layer) is not among the selected ones, \(layers)")
        }
        return [index]
    }

    /// A number, or `"mean"` for none.
    private static func index(_ field: ProbeField?) throws(ProbeError) -> Int? {
        guard let field, field.value != "mean" else { return nil }
        return try field.integer()
    }
}

/// A map over one picture, drawn.
struct Overlay: Sendable {
    let request: RenderRequest
    let placement: ImagePlacement
    let picture: PromptImage

    /// Finds the picture that is to be drawn over; `picture` is the one that the map is of, where it is of one alone.
    init(
        _ request: RenderRequest,
        layout: PromptLayout,
        images: [PromptImage],
        picture: Int? = nil
    ) throws(ProbeError) {
        let index = request.image ?? picture ?? 0
        guard layout.images.indices.contains(index) else {
            throw .unsupported(
                "render.image",
                "picture \(index) is not in the prompt, which has \(layout.images.count)"
            )
        }
        guard picture == nil || picture == index else {
            throw .unsupported("render.image", "is \(index); the map is of picture \(picture ?? 0)")
        }
        self.request = request
        placement = layout.images[index]
        self.picture = images[index]
    }

    /// The PNG of the values of the picture's patches, which come tile by tile, each row-major; a thumbnail is not
    /// drawn over the tiles that say the same in more detail.
    func answer(_ values: [Float]) async throws -> ServerResponse {
        let png = try await WorkQueue.run {
            var image = try ImageDecoder.decode(picture.bytes).image
            var start = 0
            for (index, tile) in placement.geometry.tiles.enumerated() {
                let count = tile.rows * tile.cols
                if index == 0 || tile.name != "thumbnail" {
                    let part = Array(values[start..<start + count])
                    image = request.renderer.overlay(part, on: image, geometry: placement.geometry, tile: index)
                }
                start += count
            }
            return try PNGEncoder.encode(image)
        }
        return .bytes(png, contentType: AnswerForm.png.rawValue)
    }
}
