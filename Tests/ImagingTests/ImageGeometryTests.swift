import Foundation
import Imaging
import Testing

@Suite struct ImageGeometryTests {
    /// What CLIP's processor does to a black picture of the given size, for a tower of 336 pixels and 14 a patch.
    static func geometry(
        _ width: Int,
        _ height: Int,
        _ preprocess: Preprocess,
        side: Int = 336
    ) throws -> ImageGeometry {
        let text = #"{"size":\#(side),"crop_size":\#(side)}"#
        let preprocessor = try Fixtures.withDirectory(["preprocessor_config.json": text]) {
            try ImagePreprocessor(directory: $0, override: preprocess, modelImageSize: side, patchSize: 14)
        }
        let black = [UInt8](repeating: 0, count: width * height * 3)
        return preprocessor.prepare(RGBImage(width: width, height: height, pixels: black)).geometry
    }

    static func expectClose(_ box: Box, _ corners: [Double]) {
        #expect(zip(box.corners, corners).allSatisfy { abs($0 - $1) < 1e-9 }, "\(box.corners) is not \(corners)")
    }

    @Test(arguments: [Preprocess.crop, .pad])
    func aSquareIsDividedEvenlyUpToTheFarEdge(_ preprocess: Preprocess) throws {
        let geometry = try Self.geometry(500, 500, preprocess)
        #expect(geometry.patchCount == 576)
        #expect(geometry.patchBoxes.count == 576)
        let side = 500.0 / 24  // no whole number: floor division would drift
        Self.expectClose(geometry.patchBoxes[0], [0, 0, side, side])
        Self.expectClose(geometry.patchBoxes[3 * 24 + 23], [23 * side, 3 * side, 500, 4 * side])
        Self.expectClose(geometry.patchBoxes[23 * 24 + 3], [3 * side, 23 * side, 4 * side, 500])
    }

    @Test func aCropStartsAtItsOffset() throws {
        // 640x480 becomes 448x336; (448 - 336) / 2 = 56 columns, 80 original ones, are cut off on either side.
        let wide = try Self.geometry(640, 480, .crop)
        Self.expectClose(wide.patchBoxes[0], [80, 0, 100, 20])
        Self.expectClose(wide.patchBoxes[23 * 24 + 23], [540, 460, 560, 480])
        Self.expectClose(wide.tileBox(0), [80, 0, 560, 480])
        let tall = try Self.geometry(480, 640, .crop)
        Self.expectClose(tall.patchBoxes[0], [0, 80, 20, 100])
        Self.expectClose(tall.tileBox(0), [0, 80, 480, 560])
    }

    @Test func resizedSidesAreWholeNumbers() throws {
        // 500x333 becomes 504x336 (504.5 is cut): the horizontal scale is 500/504, the vertical one 333/336.
        let geometry = try Self.geometry(500, 333, .crop)
        let scale = 500.0 / 504
        Self.expectClose(geometry.tileBox(0), [84 * scale, 0, 420 * scale, 333])
    }

    @Test func paddingIsClippedAway() throws {
        // 640x480 on 640x640: 80 rows of ground above, 26.67 a patch.
        let geometry = try Self.geometry(640, 480, .pad)
        let side = 640.0 / 24
        #expect(geometry.patchBoxes[5].isEmpty)
        Self.expectClose(geometry.patchBoxes[5], [5 * side, 0, 6 * side, 0])
        Self.expectClose(geometry.patchBoxes[23 * 24], [0, 480, side, 480])
        Self.expectClose(geometry.patchBoxes[3 * 24], [0, 0, side, 4 * side - 80])
        Self.expectClose(geometry.tileBox(0), [0, 0, 640, 480])
    }

    @Test(arguments: [(1, 1), (10000, 1), (1, 10000), (3, 700)], [Preprocess.crop, .pad])
    func extremePicturesHaveBoxesWithinThem(_ size: (Int, Int), _ preprocess: Preprocess) throws {
        let geometry = try Self.geometry(size.0, size.1, preprocess)
        #expect(geometry.originalWidth == size.0 && geometry.originalHeight == size.1)
        for box in geometry.patchBoxes {
            #expect(0 <= box.x0 && box.x0 <= box.x1 && box.x1 <= Double(size.0))
            #expect(0 <= box.y0 && box.y0 <= box.y1 && box.y1 <= Double(size.1))
        }
        #expect(geometry.patchBoxes.contains { !$0.isEmpty })
    }

    @Test func aRemainderThatNoPatchCoversIsLeftOut() throws {
        // 27 patches of 14 cover 378 of 384 pixels, as in SigLIP.
        let geometry = try Self.geometry(384, 384, .crop, side: 384)
        #expect(geometry.tiles[0].cols == 27)
        Self.expectClose(geometry.tileBox(0), [0, 0, 378, 378])
    }

    @Test func geometryRefersToTheUprightPicture() throws {
        let stored = try Fixtures.image("exif-1.jpg")
        let turned = try Fixtures.image("exif-6.jpg")
        #expect((turned.width, turned.height) == (stored.height, stored.width))
    }
}
