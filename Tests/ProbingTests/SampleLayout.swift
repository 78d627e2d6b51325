import Imaging
import Models

/// A prompt of 22 positions: bos, 3 system, 2 template, a 2 × 3 picture, 2 history, a 2 × 2 picture, 2 question,
/// 1 template, 1 prefix, the pictures 60 × 40 and 30 × 30 pixels large with 20 and 15 pixels for a patch.
enum SampleLayout {
    static let layout: PromptLayout = {
        var kinds: [PositionKind] = [.bos, .system, .system, .system, .template, .template]
        kinds += Array(repeating: .image, count: 6) + [.history, .history] + Array(repeating: .image, count: 4)
        kinds += [.question, .question, .template, .prefix]
        let tokens = kinds.indices.filter { kinds[$0] != .image }.map {
            PromptLayout.Token(position: $0, id: 100 + $0, text: "t\($0)", kind: kinds[$0])
        }
        return PromptLayout(
            tokens: tokens,
            images: [
                ImagePlacement(
                    imageID: "img_a",
                    geometry: geometry(rows: 2, columns: 3, patch: 20, width: 60, height: 40),
                    positions: 6..<12,
                    norms: [1, 1, 1, 1, 1, 30]
                ),
                ImagePlacement(
                    imageID: "img_b",
                    geometry: geometry(rows: 2, columns: 2, patch: 15, width: 30, height: 30),
                    positions: 14..<18,
                    norms: [1, 1, 1, 1]
                ),
            ]
        )
    }()

    static let shape = (layers: 8, heads: 4)

    private static func geometry(rows: Int, columns: Int, patch: Int, width: Int, height: Int) -> ImageGeometry {
        let axis = AxisMap(scale: 1, offset: 0)
        return ImageGeometry(
            originalWidth: width,
            originalHeight: height,
            preprocess: .crop,
            modelHeight: height,
            modelWidth: width,
            tiles: [
                Tile(name: "image", rows: rows, cols: columns, patchSize: patch, horizontal: axis, vertical: axis)
            ]
        )
    }
}
