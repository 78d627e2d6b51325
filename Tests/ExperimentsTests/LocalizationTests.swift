import Experiments
import Imaging
import Probing
import Testing

@Suite struct PhraseLocatorTests {
    @Test(arguments: [
        ("car", "A carpet, a car and cars; scar, car's.", ["car", "cars", "car"]),
        ("Red Circle", "a red circle. RED CIRCLES", ["red circle", "RED CIRCLES"]),
        ("bus", "two buses, one bus, busy", ["buses", "bus"]),
        ("Café", "ein Café.", ["Café"]), ("dog", "", []), ("", "dog", []), (" dog ", "hot-dog", ["dog"]),
    ])
    func wholeWordsAreFound(phrase: String, text: String, found: [String]) {
        let bytes = Array(text.utf8)
        let ranges = PhraseLocator.ranges(of: phrase, in: text)
        #expect(ranges.map { String(decoding: bytes[$0], as: UTF8.self) } == found)
    }

    @Test func everyTokenOfThePhraseBelongs() {
        let tokens = ["The", " red", " cir", "cle", ",", " a", " blue", " circ", "", "les", "."]
        let ranges = PhraseLocator.ranges(of: "circle", in: tokens.joined())
        #expect(PhraseLocator.tokens(tokens, overlapping: ranges) == [2, 3, 7, 8, 9])
        let whole = PhraseLocator.ranges(of: "red circle", in: tokens.joined())
        #expect(PhraseLocator.tokens(tokens, overlapping: whole) == [1, 2, 3])
    }
}

@Suite struct LocalizationScorerTests {
    private struct Setting: CustomStringConvertible {
        let description: String
        let width: Int
        let height: Int
        let tile: Tile

        var geometry: ImageGeometry {
            ImageGeometry(
                originalWidth: width,
                originalHeight: height,
                preprocess: .crop,
                modelHeight: tile.rows * tile.patchSize,
                modelWidth: tile.cols * tile.patchSize,
                tiles: [tile]
            )
        }
    }

    private static func setting(
        _ name: String,
        _ width: Int,
        _ height: Int,
        rows: Int,
        cols: Int,
        x: (Double, Double),
        y: (Double, Double)
    ) -> Setting {
        Setting(
            description: name,
            width: width,
            height: height,
            tile: Tile(
                name: "image",
                rows: rows,
                cols: cols,
                patchSize: 14,
                horizontal: AxisMap(scale: x.0, offset: x.1),
                vertical: AxisMap(scale: y.0, offset: y.1)
            )
        )
    }

    private static let settings = [
        setting("exact", 56, 42, rows: 3, cols: 4, x: (1, 0), y: (1, 0)),
        setting("crop", 101, 67, rows: 4, cols: 4, x: (67.0 / 56, 17), y: (67.0 / 56, 0)),
        setting("pad", 61, 37, rows: 4, cols: 4, x: (61.0 / 56, 0), y: (61.0 / 56, -12)),
        setting("uneven", 50, 31, rows: 5, cols: 3, x: (50.0 / 42, 0), y: (31.0 / 70, 0)),
        setting("smaller than its patches", 3, 2, rows: 6, cols: 6, x: (3.0 / 84, 0), y: (2.0 / 84, 0)),
        setting("one pixel", 1, 1, rows: 2, cols: 2, x: (1.0 / 28, 0), y: (1.0 / 28, 0)),
    ]

    /// Every figure from a map at full size, made pixel by pixel in double precision.
    private struct Oracle {
        var values: [(x: Int, y: Int, value: Double)] = []

        init(_ map: [Float], _ setting: Setting) {
            let tile = setting.tile
            func position(_ pixel: Int, _ axis: AxisMap, _ cells: Int) -> Double? {
                let patch = ((Double(pixel) + 0.5) - axis.offset) / axis.scale / Double(tile.patchSize)
                return patch < 0 || patch > Double(cells) ? nil : min(max(patch - 0.5, 0), Double(cells - 1))
            }
            for y in 0..<setting.height {
                for x in 0..<setting.width {
                    guard let row = position(y, tile.vertical, tile.rows),
                        let col = position(x, tile.horizontal, tile.cols)
                    else { continue }
                    var value = 0.0
                    for r in 0..<tile.rows {
                        for c in 0..<tile.cols {
                            let weight = max(0, 1 - abs(row - Double(r))) * max(0, 1 - abs(col - Double(c)))
                            value += weight * Double(map[r * tile.cols + c])
                        }
                    }
                    values.append((x, y, value))
                }
            }
        }
    }

    @Test(arguments: 0..<24)
    func aScoreEqualsThatOfTheUpsampledMap(seed: Int) throws {
        let setting = Self.settings[seed % Self.settings.count]
        var generator = SplitMix64(seed: UInt64(seed))
        let map = (0..<setting.tile.rows * setting.tile.cols).map { _ in Float(generator.uniform()) }
        var flags = (0..<setting.width * setting.height).map { _ in generator.uniform() < 0.2 }
        flags[0] = true
        let mask = PixelMask(width: setting.width, height: setting.height, isSelected: flags)
        let scorer = LocalizationScorer(setting.geometry, mask: mask, dilation: 3)
        let score = try #require(scorer.score(map))

        let upsampled = Oracle(map, setting).values
        let best = try #require(upsampled.map(\.value).max())
        let peak = try #require(upsampled.first { $0.x == score.peak.x && $0.y == score.peak.y })
        #expect(abs(peak.value - best) < 1e-6, "\(setting)")
        let total = upsampled.reduce(0) { $0 + $1.value }
        let inside = upsampled.filter { flags[$0.y * setting.width + $0.x] }.reduce(0) { $0 + $1.value }
        #expect(abs(score.massInside - inside / total) < 1e-6, "\(setting)")
        let seen = upsampled.filter { flags[$0.y * setting.width + $0.x] }.count
        #expect(abs(scorer.area - Double(seen) / Double(upsampled.count)) < 1e-9)
        let near =
            upsampled.isEmpty
            ? false
            : flags.indices.contains { index in
                let (y, x) = index.quotientAndRemainder(dividingBy: setting.width)
                let (dx, dy) = (x - score.peak.x, y - score.peak.y)
                return flags[index] && dx * dx + dy * dy <= 9
            }
        #expect(score.isHit == near)
        #expect(score.pointsInside == flags[score.peak.y * setting.width + score.peak.x])
    }

    @Test func anEvenMapHasItsAreaInside() throws {
        let setting = Self.settings[2]
        let mask = try PixelMask(filling: Box(x0: 5, y0: 5, x1: 20, y1: 30), width: 61, height: 37)
        let scorer = LocalizationScorer(setting.geometry, mask: mask, dilation: 0)
        let score = try #require(scorer.score(Array(repeating: 0.25, count: 16)))
        #expect(abs(score.massInside - scorer.area) < 1e-9)
        #expect(scorer.score(Array(repeating: 0, count: 16)) == nil)
    }

    /// A grid found by floor division would drift by a patch at the far edge of 500 pixels under 24 patches.
    @Test func theFarEdgeDoesNotDrift() throws {
        let setting = Self.setting("500", 500, 500, rows: 24, cols: 24, x: (500.0 / 336, 0), y: (500.0 / 336, 0))
        var map = [Float](repeating: 0, count: 576)
        map[23 * 24 + 23] = 1
        let mask = try PixelMask(filling: Box(x0: 480, y0: 480, x1: 500, y1: 500), width: 500, height: 500)
        let score = try #require(LocalizationScorer(setting.geometry, mask: mask, dilation: 0).score(map))
        #expect(score.pointsInside)
        #expect(abs(Double(score.peak.x) + 0.5 - 500 * 23.5 / 24) < 1)
    }

    /// Two tiles of 4 × 4 side by side, then a thumbnail, which sees both and would count everything twice.
    @Test func tilesAreReadInTheirOrderAndTheThumbnailIsLeftOut() throws {
        func tile(_ name: String, scale: Double, x: Double) -> Tile {
            let (horizontal, vertical) = (AxisMap(scale: scale, offset: x), AxisMap(scale: 1, offset: 0))
            return Tile(name: name, rows: 4, cols: 4, patchSize: 10, horizontal: horizontal, vertical: vertical)
        }
        let geometry = ImageGeometry(
            originalWidth: 80,
            originalHeight: 40,
            preprocess: .tiles,
            modelHeight: 40,
            modelWidth: 40,
            tiles: [tile("0,0", scale: 1, x: 0), tile("0,1", scale: 1, x: 40), tile("thumbnail", scale: 2, x: 0)]
        )
        // The second tile's row 1, column 2; the thumbnail's largest value is elsewhere.
        var map = [Float](repeating: 0, count: 48)
        (map[16 + 4 + 2], map[32]) = (1, 9)
        let mask = try PixelMask(filling: Box(x0: 60, y0: 10, x1: 70, y1: 20), width: 80, height: 40)
        let scorer = LocalizationScorer(geometry, mask: mask, dilation: 0)
        let score = try #require(scorer.score(map))
        #expect(score.pointsInside && (64...65).contains(score.peak.x) && (14...15).contains(score.peak.y))
        #expect(abs(scorer.area - 100.0 / 3200) < 1e-9)
        map[16 + 4 + 2] = 0
        #expect(scorer.score(map) == nil)
    }

    @Test func dilationReachesExactlyItsRadius() throws {
        let mask = try PixelMask(filling: Box(x0: 10, y0: 10, x1: 11, y1: 11), width: 30, height: 30)
        #expect(mask.isSelected(within: 5, ofX: 15, y: 10))
        #expect(!mask.isSelected(within: 4.9, ofX: 15, y: 10))
        #expect(mask.isSelected(within: 5, ofX: 13, y: 14))
        #expect(!mask.isSelected(within: 5, ofX: 14, y: 14))
        #expect(mask.isSelected(within: 1e9, ofX: 0, y: 29))
        #expect(mask.isSelected(within: 0, ofX: 10, y: 10))
    }

    @Test func polygonsFillPixelsWhoseCentresTheyHold() throws {
        let points = [(1.0, 1.0), (7, 1), (7, 5), (1, 5)].map { Point(x: $0.0, y: $0.1) }
        let polygon = try PixelMask(filling: points, width: 9, height: 8)
        #expect(polygon == (try PixelMask(filling: Box(x0: 1, y0: 1, x1: 7, y1: 5), width: 9, height: 8)))
        #expect(polygon.count == 24)
        let outside = points.map { Point(x: $0.x + 100, y: $0.y) }
        #expect(throws: ImageError.self) { try PixelMask(filling: outside, width: 9, height: 8) }
        #expect(throws: ImageError.self) {
            try PixelMask(filling: Box(x0: 20, y0: 0, x1: 30, y1: 3), width: 9, height: 8)
        }
        #expect(try PixelMask(filling: Box(x0: 3.6, y0: 2, x1: 3.8, y1: 3), width: 9, height: 8).count == 1)
    }
}
