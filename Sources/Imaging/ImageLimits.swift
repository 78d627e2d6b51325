/// What a picture may cost; checked against its header, before any pixel is allocated.
public struct ImageLimits: Sendable, Equatable {
    /// The largest file, in bytes.
    public var maxBytes: Int
    /// The most pixels a file may decode to.
    public var maxPixels: Int
    /// The longest side, in pixels.
    public var maxSide: Int

    /// Sets all three limits.
    public init(maxBytes: Int, maxPixels: Int, maxSide: Int) {
        self.maxBytes = maxBytes
        self.maxPixels = maxPixels
        self.maxSide = maxSide
    }

    /// 32 MiB, 64 Mi pixels (192 MiB once decoded), 32768 pixels a side.
    public static let standard = ImageLimits(maxBytes: 32 << 20, maxPixels: 64 << 20, maxSide: 32768)
}
