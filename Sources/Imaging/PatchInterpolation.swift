/// How the values of one tile's patches spread over the pixels of the original picture: bilinearly between the patches'
/// centres, flat from the outermost centres to the edge, as image libraries upsample without aligned corners.
public struct PatchInterpolation: Sendable {
    /// Two neighbouring patches along one axis and the share of the second.
    public struct Blend: Sendable, Equatable {
        /// The patch before the pixel's centre.
        public let low: Int
        /// The patch behind it; `low` again at the edges.
        public let high: Int
        /// The share of `high`, 0…1.
        public let fraction: Float

        func mix(_ a: Float, _ b: Float) -> Float { a + (b - a) * fraction }
    }

    /// One blend for each pixel column; `nil` where the model did not see the picture.
    public let columns: [Blend?]
    /// One blend for each pixel row; `nil` where the model did not see the picture.
    public let rows: [Blend?]
    /// Pixel columns next to a patch's centre, ascending. A largest value always lies on one of them and of `peakRows`,
    /// because the values are linear between two centres.
    public let peakColumns: [Int]
    /// Pixel rows next to a patch's centre, ascending.
    public let peakRows: [Int]
    private let cols: Int

    /// The interpolation of one tile of a picture.
    public init(_ geometry: ImageGeometry, tile: Int = 0) {
        let grid = geometry.tiles[tile]
        let horizontal = Axis(grid.horizontal, cells: grid.cols, patchSize: grid.patchSize)
        let vertical = Axis(grid.vertical, cells: grid.rows, patchSize: grid.patchSize)
        columns = horizontal.blends(pixels: geometry.originalWidth)
        rows = vertical.blends(pixels: geometry.originalHeight)
        peakColumns = horizontal.peaks(columns)
        peakRows = vertical.peaks(rows)
        cols = grid.cols
    }

    /// The value at a pixel of a tile's `values`, `[rows, cols]`; `nil` where the model did not see the picture.
    public func value(_ values: [Float], x: Int, y: Int) -> Float? {
        guard let row = rows[y], let column = columns[x] else { return nil }
        let upper = column.mix(values[row.low * cols + column.low], values[row.low * cols + column.high])
        let lower = column.mix(values[row.high * cols + column.low], values[row.high * cols + column.high])
        return row.mix(upper, lower)
    }
}

/// One axis of a tile.
private struct Axis {
    let map: AxisMap
    let cells: Int
    let patchSize: Int

    init(_ map: AxisMap, cells: Int, patchSize: Int) {
        self.map = map
        self.cells = cells
        self.patchSize = patchSize
    }

    func blends(pixels: Int) -> [PatchInterpolation.Blend?] {
        (0..<pixels).map { pixel in
            let position = (Double(pixel) + 0.5 - map.offset) / map.scale / Double(patchSize)
            guard position >= 0, position <= Double(cells) else { return nil }
            let centered = min(max(position - 0.5, 0), Double(cells - 1))
            let low = Int(centered)
            return PatchInterpolation.Blend(
                low: low,
                high: min(low + 1, cells - 1),
                fraction: Float(centered - Double(low))
            )
        }
    }

    /// The seen pixels on both sides of each centre.
    func peaks(_ blends: [PatchInterpolation.Blend?]) -> [Int] {
        guard let first = blends.firstIndex(where: { $0 != nil }), let last = blends.lastIndex(where: { $0 != nil })
        else {
            return []
        }
        var pixels: Set<Int> = []
        for cell in 0..<cells {
            let center = map((Double(cell) + 0.5) * Double(patchSize)) - 0.5
            let clamped = min(max(center, Double(first)), Double(last))
            pixels.insert(Int(clamped.rounded(.down)))
            pixels.insert(Int(clamped.rounded(.up)))
        }
        return pixels.sorted()
    }
}
