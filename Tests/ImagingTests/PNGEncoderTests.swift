import Foundation
import Imaging
import Testing

@Suite struct PNGEncoderTests {
    @Test func aPictureSurvives() throws {
        let image = try Fixtures.image("landscape.png")
        #expect(try ImageDecoder.decode(PNGEncoder.encode(image)).image == image)
    }

    @Test func aMaskSurvives() throws {
        let mask = PixelMask(width: 3, height: 2, isSelected: [true, false, false, true, true, false])
        #expect(try ImageDecoder.decodeMask(PNGEncoder.encode(mask)) == mask)
    }

    @Test func transparencyShowsWhite() throws {
        let data = try PNGEncoder.encode([10, 20, 30, 0, 10, 20, 30, 255], width: 2, height: 1, layout: .rgba)
        #expect(try ImageDecoder.decode(data).image.pixels == [255, 255, 255, 10, 20, 30])
    }

    @Test func pixelsThatDoNotCompressFit() throws {
        var state: UInt32 = 1
        let noise = (0..<64 * 64).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
        let data = try PNGEncoder.encode(noise, width: 64, height: 64, layout: .gray)
        let image = try ImageDecoder.decode(data).image
        #expect(image.pixels == noise.flatMap { [$0, $0, $0] })
    }

    @Test(arguments: [(0, 1), (1, 0), (-1, 4), (1 << 33, 1)])
    func impossibleSizesAreRefused(_ width: Int, _ height: Int) {
        #expect(throws: ImageError.self) { try PNGEncoder.encode([], width: width, height: height, layout: .rgb) }
    }
}
