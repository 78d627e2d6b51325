import Foundation
import Imaging
import Testing

@Suite struct ImageDecoderTests {
    @Test func everyFixtureIsThere() {
        #expect(Fixtures.decoded.count > 50)
    }

    @Test(arguments: Fixtures.decoded)
    func pixelsEqualPillows(_ expected: Fixtures.Decoded) throws {
        let image = try Fixtures.image(expected.file)
        #expect(image.width == expected.width)
        #expect(image.height == expected.height)
        let difference = zip(image.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
        #expect(difference.count == expected.pixels.count)
        #expect(difference.max() == 0)
    }

    @Test(arguments: [("baseline-420.jpg", ImageFormat.jpeg), ("type2-8bit.png", .png), ("lossy.webp", .webp)])
    func formatIsRecognisedByContent(_ file: String, _ format: ImageFormat) throws {
        #expect(try ImageDecoder.decode(Fixtures.data(file)).format == format)
    }

    @Test(arguments: [[], [0xFF], Array("GIF89a".utf8), Array("RIFF1234WAVE".utf8), Array(repeating: 0, count: 64)])
    func otherBytesAreRefused(_ bytes: [UInt8]) {
        #expect(throws: ImageError.unknownFormat) { try ImageDecoder.decode(Data(bytes)) }
    }

    @Test func aSliceWithItsOwnIndicesDecodes() throws {
        let file = try Fixtures.data("baseline-420.jpg")
        let padded = Data([1, 2, 3]) + file
        #expect(try ImageDecoder.decode(padded.dropFirst(3)) == ImageDecoder.decode(file))
    }

    @Test func animationIsRefused() throws {
        let data = try Fixtures.data("animated.webp")
        #expect(throws: ImageError.unsupported(.webp, reason: "animation")) { try ImageDecoder.decode(data) }
    }

    @Test(arguments: ["baseline-420.jpg", "palette-8bit.png", "lossy.webp"])
    func limitsAreKept(_ file: String) throws {
        let data = try Fixtures.data(file)
        let (width, height) = try { ($0.width, $0.height) }(Fixtures.image(file))
        let side = max(width, height)
        var limits = ImageLimits(maxBytes: data.count, maxPixels: width * height, maxSide: side)
        #expect(throws: Never.self) { try ImageDecoder.decode(data, limits: limits) }
        limits.maxSide -= 1
        #expect(throws: ImageError.tooLarge(what: "pixels on one side", value: side, limit: side - 1)) {
            try ImageDecoder.decode(data, limits: limits)
        }
        limits = ImageLimits(maxBytes: data.count, maxPixels: width * height - 1, maxSide: side)
        #expect(throws: ImageError.tooLarge(what: "pixels", value: width * height, limit: limits.maxPixels)) {
            try ImageDecoder.decode(data, limits: limits)
        }
        limits = ImageLimits(maxBytes: data.count - 1, maxPixels: width * height, maxSide: side)
        #expect(throws: ImageError.tooLarge(what: "bytes", value: data.count, limit: limits.maxBytes)) {
            try ImageDecoder.decode(data, limits: limits)
        }
    }

    @Test func aHugeDeclaredSizeIsRefusedBeforeItIsAllocated() throws {
        var jpeg = try Fixtures.data("baseline-420.jpg")
        let frame = try #require(jpeg.firstRange(of: Data([0xFF, 0xC0, 0x00, 0x11, 0x08]))).upperBound
        jpeg.replaceSubrange(frame..<frame + 4, with: [0xFF, 0x00, 0xFF, 0x00])
        #expect(throws: ImageError.tooLarge(what: "pixels on one side", value: 65280, limit: 32768)) {
            try ImageDecoder.decode(jpeg)
        }
    }

    @Test func aProgressiveFileWithEndlessScansIsRefused() throws {
        let data = try Fixtures.data("progressive.jpg")
        let scan = try #require(data.lastRange(of: Data([0xFF, 0xDA]))).lowerBound
        let bomb = data[..<scan] + (0..<200).flatMap { _ in data[scan..<data.count - 2] } + data.suffix(2)
        #expect(throws: ImageError.unsupported(.jpeg, reason: "more than 100 scans")) { try ImageDecoder.decode(bomb) }
    }

    @Test func maskSelectsWhatIsNeitherBlackNorTransparent() throws {
        let rgba: [UInt8] = [0, 0, 0, 255, 255, 255, 255, 255, 9, 0, 0, 1, 255, 255, 255, 0]
        let data = try PNGEncoder.encode(rgba, width: 2, height: 2, layout: .rgba)
        let mask = try ImageDecoder.decodeMask(data)
        #expect(mask == PixelMask(width: 2, height: 2, isSelected: [false, true, true, false]))
    }

    @Test func aMaskMustBePNG() throws {
        let data = try Fixtures.data("gray.jpg")
        #expect(throws: ImageError.self) { try ImageDecoder.decodeMask(data) }
    }
}
