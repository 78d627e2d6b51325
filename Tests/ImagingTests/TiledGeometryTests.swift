import Imaging
import Testing

/// A picture of 896 × 448 in two tiles and a thumbnail of 448 × 448, whose tokens cover 2 × 2 patches of 14 pixels
/// (pixel shuffle).
@Suite struct TiledGeometryTests {
    private static let cells = 16

    private static func tile(_ name: String, scale: Double, x: Double) -> Tile {
        Tile(
            name: name,
            rows: cells,
            cols: cells,
            patchSize: 2 * 14,
            horizontal: AxisMap(scale: scale, offset: x),
            vertical: AxisMap(scale: 1, offset: 0)
        )
    }

    private static let geometry = ImageGeometry(
        originalWidth: 896,
        originalHeight: 448,
        preprocess: .tiles,
        modelHeight: 448,
        modelWidth: 448,
        tiles: [
            tile("0,0", scale: 1, x: 0), tile("0,1", scale: 1, x: 448), tile("thumbnail", scale: 2, x: 0),
        ]
    )

    @Test func tokensAreCountedTileByTileWithTheThumbnailWhereItStands() {
        let boxes = Self.geometry.patchBoxes
        #expect(boxes.count == 3 * 256 && Self.geometry.patchCount == boxes.count)
        let expected: [Int: [Double]] = [
            0: [0, 0, 28, 28], 1: [28, 0, 56, 28], 16: [0, 28, 28, 56], 255: [420, 420, 448, 448],
            256: [448, 0, 476, 28], 511: [868, 420, 896, 448],
            512: [0, 0, 56, 28], 513: [56, 0, 112, 28], 528: [0, 28, 56, 56], 767: [840, 420, 896, 448],
        ]
        for (token, corners) in expected { #expect(boxes[token].corners == corners, "token \(token)") }
        #expect(Self.geometry.tileBox(1).corners == [448, 0, 896, 448])
        #expect(Self.geometry.tileBox(2).corners == [0, 0, 896, 448])
        #expect(Self.geometry.seenBox.corners == [0, 0, 896, 448])
    }

    @Test func aBoxChoosesTokensOfItsTileAndOfTheThumbnail() throws {
        // 52 to 72 pixels into the second tile: its columns 1 and 2; the thumbnail's 8 and 9.
        let box = Box(x0: 500, y0: 30, x1: 520, y1: 50)
        let chosen = try PatchSet.overlapping(box, in: Self.geometry)
        #expect(chosen.indices == [256 + 16 + 1, 256 + 16 + 2, 512 + 16 + 8, 512 + 16 + 9])
    }

    @Test func aBufferStaysInItsTile() throws {
        let corner = try PatchSet.at([(row: 0, col: -1)], tile: 0, in: Self.geometry)
        #expect(corner.indices == [15])
        #expect(corner.dilated(by: 1).indices == [14, 15, 30, 31])
    }

    @Test func rowsAreThoseOfOneTile() throws {
        #expect(try PatchSet.rows([-1], tile: 1, in: Self.geometry).indices == Array(496..<512))
        #expect(throws: ImageError.self) { try PatchSet.rows([0], tile: 3, in: Self.geometry) }
    }
}
