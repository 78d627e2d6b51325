import Foundation
import Testing

@testable import Imaging

@Suite struct ResamplerTests {
    @Test(arguments: Fixtures.resized)
    func pixelsEqualPillows(_ expected: Fixtures.Resized) throws {
        let filter = try #require(ResamplingFilter(rawValue: expected.filter))
        let pixels = Resampler(filter: filter).resize(
            Canvas(try Fixtures.image(expected.file)),
            width: expected.width,
            height: expected.height,
            columns: 0..<expected.width,
            rows: 0..<expected.height
        )
        #expect(pixels == [UInt8](expected.pixels))
    }

    @Test(arguments: ResamplingFilter.allCases)
    func aWindowIsAPartOfTheWhole(_ filter: ResamplingFilter) throws {
        let canvas = Canvas(try Fixtures.image("landscape.png"))
        let resampler = Resampler(filter: filter)
        let whole = resampler.resize(canvas, width: 20, height: 30, columns: 0..<20, rows: 0..<30)
        let part = resampler.resize(canvas, width: 20, height: 30, columns: 7..<12, rows: 11..<28)
        let cut = (11..<28).flatMap { (row: Int) -> ArraySlice<UInt8> in
            let start = 3 * (20 * row + 7)
            return whole[start..<start + 15]
        }
        #expect(part == cut)
    }

    @Test func groundSurroundsThePicture() {
        let red = RGBImage(width: 1, height: 2, pixels: [255, 0, 0, 254, 0, 0])
        let canvas = Canvas(squaring: red, ground: [1, 2, 3])
        #expect(canvas.part(columns: 0..<2, rows: 0..<2) == [255, 0, 0, 1, 2, 3, 254, 0, 0, 1, 2, 3])
        #expect(canvas.part(columns: 1..<2, rows: 1..<2) == [1, 2, 3])
    }

    @Test(arguments: ["landscape.png", "portrait.png"])
    func groundNeedNotBeStored(_ file: String) throws {
        let canvas = Canvas(squaring: try Fixtures.image(file), ground: [122, 116, 104])
        let pixels = canvas.part(columns: 0..<canvas.width, rows: 0..<canvas.height)
        let stored = Canvas(RGBImage(width: canvas.width, height: canvas.height, pixels: pixels))
        let resampler = Resampler(filter: .bicubic)
        let expected = resampler.resize(stored, width: 28, height: 28, columns: 0..<28, rows: 0..<28)
        #expect(resampler.resize(canvas, width: 28, height: 28, columns: 0..<28, rows: 0..<28) == expected)
    }
}
