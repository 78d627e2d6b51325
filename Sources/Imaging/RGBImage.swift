/// A picture of 8-bit RGB pixels, upright (orientation applied) and opaque.
public struct RGBImage: Sendable, Equatable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `[height, width, 3]`, row-major.
    public let pixels: [UInt8]

    /// Wraps pixels that the caller has made; `pixels` must hold `height * width * 3` values.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height * 3, "pixels do not fill the picture")
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

/// The file formats that ``ImageDecoder`` reads, recognised by their first bytes.
public enum ImageFormat: String, Sendable, CaseIterable, Codable {
    /// JPEG: baseline or progressive; grey, YCbCr, RGB, CMYK or YCCK.
    case jpeg
    /// PNG: every colour type, bit depth and interlacing.
    case png
    /// WebP: one lossy or lossless picture.
    case webp
}

/// A decoded picture and the format it came in.
public struct DecodedImage: Sendable, Equatable {
    /// The upright picture.
    public let image: RGBImage
    /// What the bytes were.
    public let format: ImageFormat
}
