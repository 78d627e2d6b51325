import Imaging
import Testing

@Suite struct HeatmapRendererTests {
    static let gray = RGBImage(width: 40, height: 40, pixels: [UInt8](repeating: 100, count: 4800))

    func red(_ image: RGBImage, _ x: Int, _ y: Int) -> Int { Int(image.pixels[3 * (y * image.width + x)]) }

    @Test func valuesRiseBetweenPatchCentres() {
        let values: [Float] = (0..<16).map { $0 % 4 == 0 ? 2 : $0 % 4 == 3 ? 5 : 3.5 }
        let renderer = HeatmapRenderer(colormap: .gray, opacity: 1)
        let map = renderer.overlay(values, on: Self.gray, geometry: PatchSetTests.grid())
        #expect(red(map, 0, 20) == 0)
        #expect(red(map, 4, 20) == 0)
        #expect(red(map, 39, 20) == 255)
        #expect(abs(red(map, 9, 20) - 57) <= 1)  // (9.5 - 5) / 10 of the way from 0 to 127.5
        #expect(red(map, 20, 0) == red(map, 20, 39))
    }

    @Test(arguments: [Float(0), 0.25, 1])
    func opacityMixes(_ opacity: Float) {
        var values = [Float](repeating: 0, count: 16)
        values[0] = 1
        let map = HeatmapRenderer(colormap: .gray, opacity: opacity)
            .overlay(values, on: Self.gray, geometry: PatchSetTests.grid())
        #expect(red(map, 0, 0) == Int((100 + 155 * opacity).rounded()))
        #expect(red(map, 39, 39) == Int((100 - 100 * opacity).rounded()))
    }

    @Test(arguments: [[0, 0, 0, 0], [7, 7, 7, 7], [.nan, .nan, .nan, .nan], [.infinity, 1, 1, 1]] as [[Float]])
    func aConstantMapTakesTheLowestColour(_ values: [Float]) {
        let image = RGBImage(width: 20, height: 20, pixels: [UInt8](repeating: 9, count: 1200))
        let map = HeatmapRenderer(colormap: .inferno, opacity: 1)
            .overlay(values, on: image, geometry: PatchSetTests.grid(rows: 2, cols: 2))
        #expect(map.pixels == (0..<400).flatMap { _ in [0, 0, 4] as [UInt8] })
    }

    @Test(
        arguments: [
            [-.greatestFiniteMagnitude, 0, 0, .greatestFiniteMagnitude],
            [0, 0, 0, .leastNonzeroMagnitude],
        ] as [[Float]]
    )
    func extremeRangesAreScaled(_ values: [Float]) {
        let image = RGBImage(width: 20, height: 20, pixels: [UInt8](repeating: 9, count: 1200))
        let map = HeatmapRenderer(colormap: .gray, opacity: 1)
            .overlay(values, on: image, geometry: PatchSetTests.grid(rows: 2, cols: 2))
        #expect(red(map, 0, 0) == 0)
        #expect(red(map, 19, 19) == 255)
    }

    @Test func whatTheModelDidNotSeeStays() throws {
        let geometry = try ImageGeometryTests.geometry(64, 48, .crop)
        let image = RGBImage(width: 64, height: 48, pixels: [UInt8](repeating: 100, count: 64 * 48 * 3))
        let values = (0..<576).map { Float($0) }
        let map = HeatmapRenderer(colormap: .gray, opacity: 1).overlay(values, on: image, geometry: geometry)
        #expect(red(map, 7, 0) == 100)
        #expect(red(map, 8, 0) == 0)
        #expect(red(map, 55, 47) == 255)
        #expect(red(map, 56, 47) == 100)
    }

    @Test func colormapsAreThePublishedOnes() {
        // matplotlib's values at 0, 0.25, 0.6 and 1.
        let expected: [Colormap: [(Int, Int, Int)]] = [
            .viridis: [(68, 1, 84), (59, 82, 139), (34, 168, 132), (253, 231, 37)],
            .inferno: [(0, 0, 4), (87, 16, 110), (221, 81, 58), (252, 255, 164)],
            .turbo: [(48, 18, 59), (40, 188, 235), (225, 221, 55), (122, 4, 3)],
            .gray: [(0, 0, 0), (64, 64, 64), (153, 153, 153), (255, 255, 255)],
        ]
        for (colormap, colors) in expected {
            for (value, color) in zip([Float(0), 0.25, 0.6, 1], colors) {
                let actual = colormap.color(value)
                let error = [Int(actual.red) - color.0, Int(actual.green) - color.1, Int(actual.blue) - color.2]
                #expect(error.allSatisfy { abs($0) <= 5 }, "\(colormap) at \(value): \(actual)")
            }
        }
        #expect(Colormap.viridis.color(.nan) == Colormap.viridis.color(-1))
        #expect(Colormap.viridis.color(.infinity) == Colormap.viridis.color(1))
    }
}
