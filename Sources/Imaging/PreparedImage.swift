/// A picture as a vision tower takes it, with the way back to the original's pixels.
public struct PreparedImage: Sendable, Equatable {
    /// `[3, modelHeight, modelWidth]`, rescaled and normalised.
    public let pixels: [Float]
    /// Where each patch lies in the original picture.
    public let geometry: ImageGeometry

    /// `[rows * cols, 3 * size * size]`: each patch flattened like a convolution's weight `[out, 3, size, size]`, so
    /// that the patch embedding is one matrix product. Pixels beyond the last whole patch are left out, as a
    /// convolution without padding leaves them out.
    public func patches(size: Int) -> [Float] {
        precondition(size > 0, "a patch has pixels")
        let (height, width) = (geometry.modelHeight, geometry.modelWidth)
        let (rows, cols) = (height / size, width / size)
        return [Float](unsafeUninitializedCapacity: rows * cols * 3 * size * size) { buffer, count in
            for row in 0..<rows {
                for col in 0..<cols {
                    for line in 0..<3 * size {
                        let (channel, y) = line.quotientAndRemainder(dividingBy: size)
                        let start = (channel * height + row * size + y) * width + col * size
                        for x in 0..<size { buffer.initializeElement(at: count + x, to: pixels[start + x]) }
                        count += size
                    }
                }
            }
        }
    }
}
