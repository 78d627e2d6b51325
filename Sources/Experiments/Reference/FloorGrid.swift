import Imaging
import Models
import Probing

extension ImageGeometry {
    /// The same grid laid over the whole picture by integer division, see `ReferenceQuirk.floorGrid`; tiled pictures, which
    /// the released code does not know, stay as they are.
    var floorDivided: ImageGeometry {
        guard tiles.count == 1, var tile = tiles.first else { return self }
        tile.horizontal = Self.axis(pixels: originalWidth, cells: tile.cols, patchSize: tile.patchSize)
        tile.vertical = Self.axis(pixels: originalHeight, cells: tile.rows, patchSize: tile.patchSize)
        return ImageGeometry(
            originalWidth: originalWidth,
            originalHeight: originalHeight,
            preprocess: preprocess,
            modelHeight: modelHeight,
            modelWidth: modelWidth,
            tiles: [tile]
        )
    }

    /// The geometry that an experiment lays patches out by.
    func patches(_ quirks: Set<ReferenceQuirk>) -> ImageGeometry {
        quirks.contains(.floorGrid) ? floorDivided : self
    }

    // MARK: - Private

    private static func axis(pixels: Int, cells: Int, patchSize: Int) -> AxisMap {
        AxisMap(scale: Double(max(1, pixels / cells)) / Double(patchSize), offset: 0)
    }
}

extension SpanSelector {
    /// The patches of the prompt's first picture that a mask covers.
    static func patches(
        of mask: PixelMask,
        in layout: PromptLayout,
        _ quirks: Set<ReferenceQuirk>
    ) -> SpanSelector {
        guard quirks.contains(.floorGrid) else { return .mask(mask, buffer: 0, image: 0) }
        let image = layout.images[0]
        guard image.geometry.tiles.count == 1, let tile = image.geometry.tiles.first else {
            return .mask(mask, buffer: 0, image: 0)
        }
        let (width, height) = (max(1, mask.width / tile.cols), max(1, mask.height / tile.rows))
        var patches: Set<Int> = []
        for (pixel, isSelected) in mask.isSelected.enumerated() where isSelected {
            let (y, x) = pixel.quotientAndRemainder(dividingBy: mask.width)
            // What lies behind the grid counts to its edge.
            patches.insert(min(y / height, tile.rows - 1) * tile.cols + min(x / width, tile.cols - 1))
        }
        return .indices(patches.sorted().map { image.patchPositions.lowerBound + $0 })
    }
}
