import Imaging
import Testing

@Suite struct PatchSetTests {
    /// 4x4 patches of 10 pixels over a picture of 40x40, or two such grids.
    static func grid(rows: Int = 4, cols: Int = 4, tiles: Int = 1) -> ImageGeometry {
        let axis = AxisMap(scale: 1, offset: 0)
        let tile = Tile(name: "image", rows: rows, cols: cols, patchSize: 10, horizontal: axis, vertical: axis)
        return ImageGeometry(
            originalWidth: cols * 10,
            originalHeight: rows * 10,
            preprocess: .crop,
            modelHeight: rows * 10,
            modelWidth: cols * 10,
            tiles: Array(repeating: tile, count: tiles)
        )
    }

    @Test(
        arguments: [
            ([0, 0, 40, 40], Array(0..<16)),
            ([0, 0, 10, 10], [0]),
            ([0, 0, 10.001, 10], [0, 1]),
            ([9.999, 10, 20, 20], [4, 5]),
            ([35, 12, 90, 13], [7]),
            ([15, 15, 15, 15], [5]),
            ([10, 0, 10, 40], [1, 5, 9, 13]),
            ([40, 40, 50, 50], []),
            ([-9, -9, 0, 0], []),
            ([-9, -9, 1, 1], [0]),
        ] as [([Double], [Int])]
    )
    func aBoxChoosesWhatItOverlaps(_ corners: [Double], _ expected: [Int]) throws {
        let box = Box(x0: corners[0], y0: corners[1], x1: corners[2], y1: corners[3])
        #expect(try PatchSet.overlapping(box, in: Self.grid()).indices == expected)
    }

    @Test(arguments: [[5, 0, 4, 9], [0, 5, 9, 4], [.nan, 0, 1, 1], [0, 0, .infinity, 1]] as [[Double]])
    func aBoxWithoutOrderIsRefused(_ corners: [Double]) {
        let box = Box(x0: corners[0], y0: corners[1], x1: corners[2], y1: corners[3])
        #expect(throws: ImageError.self) { try PatchSet.overlapping(box, in: Self.grid()) }
    }

    @Test(
        arguments: [
            // A triangle whose long side runs along the diagonal and touches, but does not enter, the other half.
            ([(0, 0), (40, 40), (0, 40)], [0, 4, 5, 8, 9, 10, 12, 13, 14, 15]),
            // Wholly inside one patch.
            ([(12, 12), (13, 12), (13, 13)], [5]),
            // The whole picture and more.
            ([(-5, -5), (99, -5), (99, 99), (-5, 99)], Array(0..<16)),
            // Concave: a U that leaves out the upper middle.
            (
                [(1, 1), (9, 1), (9, 31), (31, 31), (31, 1), (39, 1), (39, 39), (1, 39)],
                [0, 3, 4, 7, 8, 11, 12, 13, 14, 15],
            ),
            // Exactly four patches: sharing an edge is no overlap.
            ([(10, 10), (30, 10), (30, 30), (10, 30)], [5, 6, 9, 10]),
            // A bow tie.
            ([(0, 0), (40, 40), (40, 0), (0, 40)], [0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15]),
        ] as [([(Double, Double)], [Int])]
    )
    func aPolygonChoosesWhatItOverlaps(_ points: [(Double, Double)], _ expected: [Int]) throws {
        let polygon = points.map { Point(x: $0.0, y: $0.1) }
        #expect(try PatchSet.overlapping(polygon: polygon, in: Self.grid()).indices == expected)
        #expect(try PatchSet.overlapping(polygon: polygon.reversed(), in: Self.grid()).indices == expected)
    }

    @Test func aPolygonNeedsThreeFinitePointsAndNotTooMany() {
        let corner = Point(x: 0, y: 0)
        let infinite = Point(x: 0, y: .infinity)
        let bad = [[], [corner, corner], [corner, corner, infinite], Array(repeating: corner, count: 10_001)]
        for polygon in bad {
            #expect(throws: ImageError.self) { try PatchSet.overlapping(polygon: polygon, in: Self.grid()) }
        }
    }

    @Test func aMaskChoosesPatchesWithASelectedPixel() throws {
        var flags = [Bool](repeating: false, count: 1600)
        flags[9 * 40 + 10] = true
        flags[39 * 40 + 39] = true
        let mask = PixelMask(width: 40, height: 40, isSelected: flags)
        #expect(try PatchSet.overlapping(mask: mask, in: Self.grid()).indices == [1, 15])
    }

    @Test func aMaskOfAnotherSizeIsRefused() {
        let mask = PixelMask(width: 20, height: 80, isSelected: [Bool](repeating: true, count: 1600))
        #expect(throws: ImageError.self) { try PatchSet.overlapping(mask: mask, in: Self.grid()) }
    }

    @Test func theCutOffPartOfACropBelongsToNoPatch() throws {
        let geometry = try ImageGeometryTests.geometry(640, 480, .crop)
        let left = Box(x0: 0, y0: 0, x1: 80, y1: 480)
        #expect(try PatchSet.overlapping(left, in: geometry).count == 0)
        let edge = Box(x0: 0, y0: 0, x1: 80.5, y1: 480)
        #expect(try PatchSet.overlapping(edge, in: geometry).indices == (0..<24).map { $0 * 24 })
    }

    @Test func paddingBelongsToNoSelection() throws {
        let geometry = try ImageGeometryTests.geometry(640, 480, .pad)
        let all = try PatchSet.overlapping(Box(x0: 0, y0: 0, x1: 640, y1: 480), in: geometry)
        #expect(all.indices == Array(3 * 24..<21 * 24))
        let mask = PixelMask(width: 640, height: 480, isSelected: [Bool](repeating: true, count: 640 * 480))
        #expect(try PatchSet.overlapping(mask: mask, in: geometry) == all)
    }

    @Test func positionsAndRowsCountFromEitherEnd() throws {
        let grid = Self.grid(rows: 2, cols: 3)
        #expect(try PatchSet.at([(row: 0, col: 1), (row: -1, col: -1)], in: grid).indices == [1, 5])
        #expect(try PatchSet.rows([-1], in: grid).indices == [3, 4, 5])
        #expect(throws: ImageError.self) { try PatchSet.at([(row: 2, col: 0)], in: grid) }
        #expect(throws: ImageError.self) { try PatchSet.at([(row: 0, col: -4)], in: grid) }
        #expect(throws: ImageError.self) { try PatchSet.rows([.min], in: grid) }
        #expect(throws: ImageError.self) { try PatchSet.rows([0], tile: 1, in: grid) }
    }

    @Test(
        arguments: [
            (0, [5]), (1, [0, 1, 2, 4, 5, 6, 8, 9, 10]), (2, Array(0..<16)), (.max, Array(0..<16)),
        ] as [(Int, [Int])]
    )
    func dilationReachesEightNeighbours(_ steps: Int, _ expected: [Int]) throws {
        #expect(try PatchSet.at([(row: 1, col: 1)], in: Self.grid()).dilated(by: steps).indices == expected)
    }

    @Test func dilationByTwoIsTwoDilations() throws {
        let grid = Self.grid(rows: 9, cols: 7)
        let set = try PatchSet.at([(row: 0, col: 6), (row: 5, col: 2), (row: 6, col: 2)], in: grid)
        #expect(set.dilated(by: 2) == set.dilated(by: 1).dilated(by: 1))
        #expect(set.dilated(by: 2) != set.dilated(by: 1))
    }

    @Test func tilesAreSelectedEachForItself() throws {
        let grid = Self.grid(rows: 2, cols: 2, tiles: 2)
        #expect(try PatchSet.overlapping(Box(x0: 0, y0: 0, x1: 5, y1: 5), in: grid).indices == [0, 4])
        #expect(try PatchSet.at([(row: 1, col: 1)], tile: 0, in: grid).dilated(by: 9).indices == [0, 1, 2, 3])
        #expect(try PatchSet.rows([0], tile: 1, in: grid).indices == [4, 5])
    }
}
