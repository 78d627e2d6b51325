/// How a picture is brought to the model's size.
public enum Preprocess: String, Sendable, Codable, CaseIterable {
    /// Resized, then cut to the centre. Also used where the whole picture is resized and nothing is cut.
    case crop
    /// Padded to a square with the mean colour, then resized.
    case pad
    /// Cut into tiles, each of the model's size.
    case tiles
}

/// One axis of the map from the model's picture to the original: `original = scale * model + offset`.
public struct AxisMap: Sendable, Equatable {
    /// Original pixels for one pixel of the model's picture.
    public var scale: Double
    /// The original coordinate of the model's edge pixel; negative in padding.
    public var offset: Double

    /// Takes both coefficients.
    public init(scale: Double, offset: Double) {
        self.scale = scale
        self.offset = offset
    }

    func callAsFunction(_ position: Double) -> Double { position * scale + offset }
}

/// One grid of patches and the part of the original picture it looks at.
public struct Tile: Sendable, Equatable {
    /// `"image"` for the only one; a reduced copy of the whole picture is the `"thumbnail"`.
    public var name: String
    /// Patches down.
    public var rows: Int
    /// Patches across.
    public var cols: Int
    /// Side of a patch in pixels of the model's picture.
    public var patchSize: Int
    /// From model columns to original x.
    public var horizontal: AxisMap
    /// From model rows to original y.
    public var vertical: AxisMap

    /// Describes a grid of `rows × cols` patches.
    public init(name: String, rows: Int, cols: Int, patchSize: Int, horizontal: AxisMap, vertical: AxisMap) {
        self.name = name
        self.rows = rows
        self.cols = cols
        self.patchSize = patchSize
        self.horizontal = horizontal
        self.vertical = vertical
    }
}

/// Where each patch of the model's picture lies in the original picture (after orientation).
public struct ImageGeometry: Sendable, Equatable {
    /// Columns of the original picture.
    public let originalWidth: Int
    /// Rows of the original picture.
    public let originalHeight: Int
    /// How the picture was brought to the model's size.
    public let preprocess: Preprocess
    /// Rows of the model's picture.
    public let modelHeight: Int
    /// Columns of the model's picture.
    public let modelWidth: Int
    /// The grids, in the order of the model's image tokens.
    public let tiles: [Tile]

    /// Describes a prepared picture.
    public init(
        originalWidth: Int,
        originalHeight: Int,
        preprocess: Preprocess,
        modelHeight: Int,
        modelWidth: Int,
        tiles: [Tile]
    ) {
        self.originalWidth = originalWidth
        self.originalHeight = originalHeight
        self.preprocess = preprocess
        self.modelHeight = modelHeight
        self.modelWidth = modelWidth
        self.tiles = tiles
    }

    /// Image tokens in all grids together.
    public var patchCount: Int { tiles.reduce(0) { $0 + $1.rows * $1.cols } }

    /// One box in original pixels for each image token, in position order: tile by tile, each row-major.
    ///
    /// Boxes are clipped to the picture. A patch that lies wholly in padding gives a box without area on the picture's
    /// nearest edge, so that it overlaps nothing.
    public var patchBoxes: [Box] {
        tiles.flatMap { grid in
            (0..<grid.rows * grid.cols).map { index in
                let (row, col) = index.quotientAndRemainder(dividingBy: grid.cols)
                return box(of: grid, rows: row...row, cols: col...col)
            }
        }
    }

    /// The part of the original picture that a tile's patches cover.
    public func tileBox(_ tile: Int) -> Box {
        box(of: tiles[tile], rows: 0...tiles[tile].rows - 1, cols: 0...tiles[tile].cols - 1)
    }

    /// The part of the original picture that the model sees: what all tiles together cover.
    public var seenBox: Box {
        let boxes = tiles.indices.map(tileBox)
        return Box(
            x0: boxes.map(\.x0).min() ?? 0,
            y0: boxes.map(\.y0).min() ?? 0,
            x1: boxes.map(\.x1).max() ?? 0,
            y1: boxes.map(\.y1).max() ?? 0
        )
    }

    // MARK: - Private

    private func box(of grid: Tile, rows: ClosedRange<Int>, cols: ClosedRange<Int>) -> Box {
        func x(_ col: Int) -> Double {
            min(max(grid.horizontal(Double(col * grid.patchSize)), 0), Double(originalWidth))
        }
        func y(_ row: Int) -> Double {
            min(max(grid.vertical(Double(row * grid.patchSize)), 0), Double(originalHeight))
        }
        return Box(
            x0: x(cols.lowerBound),
            y0: y(rows.lowerBound),
            x1: x(cols.upperBound + 1),
            y1: y(rows.upperBound + 1)
        )
    }
}
