public import Imaging

/// Where a map over a picture's patches points, measured in original pixels against an object's mask.
///
/// Maps are upsampled bilinearly between the patches' exact centres, crop and padding included. No map is ever made at
/// full size: mass is a weighted sum of patch values, and a peak lies beside a patch's centre.
public struct LocalizationScorer: Sendable {
    /// What one map scores.
    public struct Score: Sendable, Equatable {
        /// The pixel with the largest value.
        public let peak: (x: Int, y: Int)
        /// Whether the peak lies within the dilation of the mask.
        public let isHit: Bool
        /// Whether the peak lies in the mask itself (the pointing game).
        public let pointsInside: Bool
        /// Share of the upsampled map's mass in the mask.
        public let massInside: Double

        /// The same numbers.
        public static func == (a: Score, b: Score) -> Bool {
            a.peak == b.peak && a.isHit == b.isHit && a.pointsInside == b.pointsInside && a.massInside == b.massInside
        }
    }

    /// Share of the seen pixels that the mask covers: the mass that an even map has inside.
    public let area: Double
    private let mask: PixelMask
    private let dilation: Double
    private let tiles: [TileWeights]

    /// A scorer for maps over one picture.
    ///
    /// - Parameters:
    ///   - geometry: Where the patches lie. A thumbnail among other tiles is left out.
    ///   - mask: The object, of the original picture's size.
    ///   - dilation: Pixels that a peak may miss the mask by (P2: 40, about one patch).
    public init(_ geometry: ImageGeometry, mask: PixelMask, dilation: Double) {
        precondition(
            mask.width == geometry.originalWidth && mask.height == geometry.originalHeight,
            "the mask is another picture's"
        )
        self.mask = mask
        self.dilation = dilation
        var offset = 0
        var tiles: [TileWeights] = []
        for (index, tile) in geometry.tiles.enumerated() {
            let patches = offset..<offset + tile.rows * tile.cols
            offset = patches.upperBound
            if geometry.tiles.count > 1, tile.name == "thumbnail" { continue }
            tiles.append(TileWeights(PatchInterpolation(geometry, tile: index), tile, patches, mask: mask))
        }
        self.tiles = tiles
        let seen = tiles.reduce(0) { $0 + $1.seenPixels }
        area = seen == 0 ? 0 : tiles.reduce(0) { $0 + $1.selectedPixels } / seen
    }

    /// Scores one value for each patch, in position order; `nil` for a map without any mass.
    public func score(_ map: [Float]) -> Score? {
        var inside = 0.0
        var total = 0.0
        var peak: (value: Float, x: Int, y: Int)?
        for tile in tiles {
            let values = Array(map[tile.patches])
            for (value, weights) in zip(values, tile.weights) {
                inside += Double(value) * weights.inside
                total += Double(value) * weights.total
            }
            if let best = tile.peak(values), best.value > peak?.value ?? -.infinity { peak = best }
        }
        guard total > 0, let peak else { return nil }
        return score(peakX: peak.x, peakY: peak.y, massInside: inside / total)
    }

    /// What a map with this peak and this share of its mass in the mask scores.
    func score(peakX x: Int, peakY y: Int, massInside: Double) -> Score {
        Score(
            peak: (x, y),
            isHit: mask.isSelected(within: dilation, ofX: x, y: y),
            pointsInside: mask.isSelected[y * mask.width + x],
            massInside: massInside
        )
    }
}

/// What a unit of each patch's value adds to the mass of a picture and of a mask.
private struct TileWeights: Sendable {
    let patches: Range<Int>
    let weights: [(inside: Double, total: Double)]
    let seenPixels: Double
    let selectedPixels: Double
    private let interpolation: PatchInterpolation

    init(_ interpolation: PatchInterpolation, _ tile: Tile, _ patches: Range<Int>, mask: PixelMask) {
        self.interpolation = interpolation
        self.patches = patches
        var inside = [Double](repeating: 0, count: tile.rows * tile.cols)
        var selected = 0.0
        for (y, row) in interpolation.rows.enumerated() {
            guard let row else { continue }
            // The row's selected pixels, summed by patch column first: rows of patches are then two additions each.
            var columns = [Double](repeating: 0, count: tile.cols)
            for (x, column) in interpolation.columns.enumerated() where mask.isSelected[y * mask.width + x] {
                guard let column else { continue }
                column.add(1, to: &columns)
                selected += 1
            }
            for (column, weight) in columns.enumerated() where weight > 0 {
                inside[row.low * tile.cols + column] += weight * Double(1 - row.fraction)
                inside[row.high * tile.cols + column] += weight * Double(row.fraction)
            }
        }
        var rowTotals = [Double](repeating: 0, count: tile.rows)
        var columnTotals = [Double](repeating: 0, count: tile.cols)
        for row in interpolation.rows { row?.add(1, to: &rowTotals) }
        for column in interpolation.columns { column?.add(1, to: &columnTotals) }
        weights = inside.indices.map { index in
            let (row, column) = index.quotientAndRemainder(dividingBy: tile.cols)
            return (inside[index], rowTotals[row] * columnTotals[column])
        }
        seenPixels = rowTotals.reduce(0, +) * columnTotals.reduce(0, +)
        selectedPixels = selected
    }

    /// The largest of a tile's upsampled values; of equals the topmost, then the leftmost.
    func peak(_ values: [Float]) -> (value: Float, x: Int, y: Int)? {
        var best: (value: Float, x: Int, y: Int)?
        for y in interpolation.peakRows {
            for x in interpolation.peakColumns {
                guard let value = interpolation.value(values, x: x, y: y), value > best?.value ?? -.infinity else {
                    continue
                }
                best = (value, x, y)
            }
        }
        return best
    }
}

extension PatchInterpolation.Blend {
    /// Spreads a weight over both patches.
    fileprivate func add(_ weight: Double, to sums: inout [Double]) {
        sums[low] += weight * Double(1 - fraction)
        sums[high] += weight * Double(fraction)
    }
}
