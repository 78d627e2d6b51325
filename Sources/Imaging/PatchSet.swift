/// A set of patches of one picture, chosen in original pixels or by grid position.
///
/// A patch belongs to a selection if its box overlaps it. Patches wholly in padding have no box, so they belong
/// only when named by row and column, or by dilation.
public struct PatchSet: Sendable, Equatable {
    /// Rows and columns of each tile's grid, in position order.
    private let grids: [Grid]
    /// One flag for each image token.
    private var isSelected: [Bool]

    private struct Grid: Sendable, Equatable {
        var rows: Int
        var cols: Int
    }

    /// The chosen image tokens, ascending, counted over all tiles from the picture's first token.
    public var indices: [Int] { isSelected.indices.filter { isSelected[$0] } }
    /// How many are chosen.
    public var count: Int { isSelected.count { $0 } }

    /// The patches that a box in original pixels overlaps; a box without area chooses the patch it lies in.
    public static func overlapping(_ box: Box, in geometry: ImageGeometry) throws(ImageError) -> PatchSet {
        guard box.corners.allSatisfy(\.isFinite), box.x0 <= box.x1, box.y0 <= box.y1 else {
            throw .invalidSelection("box \(box.corners) must be [x0, y0, x1, y1] with x0 <= x1 and y0 <= y1")
        }
        return PatchSet(geometry) { $0.overlaps(box) }
    }

    /// The patches that a polygon in original pixels overlaps (even–odd rule; the last point joins the first).
    public static func overlapping(polygon: [Point], in geometry: ImageGeometry) throws(ImageError) -> PatchSet {
        let polygon = try Polygon(polygon)
        return PatchSet(geometry) { polygon.overlaps($0) }
    }

    /// The patches with at least one selected pixel of the mask, which must have the original picture's size.
    public static func overlapping(mask: PixelMask, in geometry: ImageGeometry) throws(ImageError) -> PatchSet {
        guard mask.width == geometry.originalWidth, mask.height == geometry.originalHeight else {
            throw .invalidSelection(
                "mask is \(mask.width)x\(mask.height) pixels but its picture is "
                    + "\(geometry.originalWidth)x\(geometry.originalHeight); both must have the same size"
            )
        }
        return PatchSet(geometry) { mask.hasSelection(in: $0) }
    }

    /// Patches named by row and column of one tile's grid; negative ones count from the end.
    public static func at(
        _ positions: [(row: Int, col: Int)],
        tile: Int = 0,
        in geometry: ImageGeometry
    ) throws(ImageError) -> PatchSet {
        var set = PatchSet(geometry) { _ in false }
        let (grid, start) = try set.grid(tile)
        for position in positions {
            let row = try resolve(position.row, count: grid.rows, axis: "row")
            let col = try resolve(position.col, count: grid.cols, axis: "column")
            set.isSelected[start + row * grid.cols + col] = true
        }
        return set
    }

    /// Patches by their place among the picture's image tokens; places that do not exist are left out.
    public static func at(indices: [Int], in geometry: ImageGeometry) -> PatchSet {
        var set = PatchSet(geometry) { _ in false }
        for index in indices where set.isSelected.indices.contains(index) { set.isSelected[index] = true }
        return set
    }

    /// Whole rows of one tile's grid; negative ones count from the last.
    public static func rows(_ rows: [Int], tile: Int = 0, in geometry: ImageGeometry) throws(ImageError) -> PatchSet {
        var set = PatchSet(geometry) { _ in false }
        let (grid, start) = try set.grid(tile)
        for row in rows {
            let first = start + (try resolve(row, count: grid.rows, axis: "row")) * grid.cols
            for index in first..<first + grid.cols { set.isSelected[index] = true }
        }
        return set
    }

    /// The set and every patch within `steps` moves to one of eight neighbours, each tile for itself.
    public func dilated(by steps: Int) -> PatchSet {
        precondition(steps >= 0, "a buffer is not negative")
        var result = self
        var start = 0
        for grid in grids {
            result.dilate(grid, from: start, by: steps)
            start += grid.rows * grid.cols
        }
        return result
    }

    // MARK: - Private

    private init(_ geometry: ImageGeometry, where belongs: (Box) -> Bool) {
        grids = geometry.tiles.map { Grid(rows: $0.rows, cols: $0.cols) }
        isSelected = geometry.patchBoxes.map { !$0.isEmpty && belongs($0) }
    }

    private func grid(_ tile: Int) throws(ImageError) -> (Grid, start: Int) {
        guard grids.indices.contains(tile) else {
            throw .invalidSelection("tile \(tile) does not exist; the picture has \(grids.count)")
        }
        return (grids[tile], grids[..<tile].reduce(0) { $0 + $1.rows * $1.cols })
    }

    private static func resolve(_ index: Int, count: Int, axis: String) throws(ImageError) -> Int {
        guard -count..<count ~= index else {
            throw .invalidSelection("patch \(axis) \(index) is outside the grid of \(count) \(axis)s")
        }
        return index < 0 ? index + count : index
    }

    /// Dilation by a square is a dilation along the rows, then one along the columns.
    private mutating func dilate(_ grid: Grid, from start: Int, by steps: Int) {
        let reach = min(steps, max(grid.rows, grid.cols))
        let before = isSelected
        for row in 0..<grid.rows {
            for col in 0..<grid.cols where before[start + row * grid.cols + col] {
                for near in max(0, col - reach)...min(grid.cols - 1, col + reach) {
                    isSelected[start + row * grid.cols + near] = true
                }
            }
        }
        let widened = isSelected
        for row in 0..<grid.rows {
            for col in 0..<grid.cols where widened[start + row * grid.cols + col] {
                for near in max(0, row - reach)...min(grid.rows - 1, row + reach) {
                    isSelected[start + near * grid.cols + col] = true
                }
            }
        }
    }
}

extension Box {
    /// True if a patch's box shares area with a selection, or holds a selection that has no extent on an axis.
    fileprivate func overlaps(_ selection: Box) -> Bool {
        Self.overlaps(x0, x1, selection.x0, selection.x1) && Self.overlaps(y0, y1, selection.y0, selection.y1)
    }

    private static func overlaps(_ low: Double, _ high: Double, _ from: Double, _ to: Double) -> Bool {
        from == to ? low <= from && from < high : low < to && from < high
    }
}
