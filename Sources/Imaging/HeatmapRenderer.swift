/// Paints a value for each patch over the original picture.
public struct HeatmapRenderer: Sendable {
    /// Colours from the lowest value to the highest.
    public let colormap: Colormap
    /// How much of the picture the colours hide, 0…1.
    public let opacity: Float

    /// An opacity outside 0…1 is brought to the nearest end.
    public init(colormap: Colormap = .viridis, opacity: Float = 0.5) {
        self.colormap = colormap
        self.opacity = opacity > 0 ? min(opacity, 1) : 0
    }

    /// Draws one tile's values, upsampled bilinearly between the patches' centres and scaled to their own range.
    ///
    /// A constant map gets the lowest colour throughout, as do values that are not finite. Parts of the picture
    /// that the model did not see stay as they are.
    ///
    /// - Parameters:
    ///   - values: `[rows, cols]` of the tile, row-major.
    ///   - image: The original picture, of the geometry's size.
    public func overlay(_ values: [Float], on image: RGBImage, geometry: ImageGeometry, tile: Int = 0) -> RGBImage {
        let grid = geometry.tiles[tile]
        precondition(values.count == grid.rows * grid.cols, "one value for each patch")
        precondition(
            image.width == geometry.originalWidth && image.height == geometry.originalHeight,
            "the geometry is another picture's"
        )
        let scaled = Self.scaledToUnit(values)
        let interpolation = PatchInterpolation(geometry, tile: tile)
        let palette = (0..<256).map { colormap.color(Float($0) / 255) }
        var pixels = image.pixels
        for y in 0..<image.height {
            for x in 0..<image.width {
                guard let value = interpolation.value(scaled, x: x, y: y) else { continue }
                let color = palette[Int((value * 255).rounded())]
                let index = 3 * (y * image.width + x)
                pixels[index] = blend(pixels[index], color.red)
                pixels[index + 1] = blend(pixels[index + 1], color.green)
                pixels[index + 2] = blend(pixels[index + 2], color.blue)
            }
        }
        return RGBImage(width: image.width, height: image.height, pixels: pixels)
    }

    // MARK: - Private

    private static func scaledToUnit(_ values: [Float]) -> [Float] {
        let finite = values.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max(), low < high else { return values.map { _ in 0 } }
        // In double precision the difference of two finite values neither overflows nor vanishes.
        let range = Double(high) - Double(low)
        return values.map { $0.isFinite ? Float((Double($0) - Double(low)) / range) : 0 }
    }

    private func blend(_ pixel: UInt8, _ color: UInt8) -> UInt8 {
        let base = Float(pixel)
        return UInt8((base + (Float(color) - base) * opacity).rounded())
    }
}
