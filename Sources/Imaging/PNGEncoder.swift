internal import CImage
public import Foundation

/// Writes PNG files of 8 bits a channel.
public enum PNGEncoder {
    /// How many bytes a pixel has.
    public enum Layout: Int, Sendable {
        /// One byte of grey.
        case gray = 1
        /// Red, green, blue.
        case rgb = 3
        /// Red, green, blue and straight alpha.
        case rgba = 4
    }

    /// Encodes a picture.
    public static func encode(_ image: RGBImage) throws(ImageError) -> Data {
        try encode(image.pixels, width: image.width, height: image.height, layout: .rgb)
    }

    /// Encodes a selection as white on black.
    public static func encode(_ mask: PixelMask) throws(ImageError) -> Data {
        let pixels = mask.isSelected.map { $0 ? UInt8.max : 0 }
        return try encode(pixels, width: mask.width, height: mask.height, layout: .gray)
    }

    /// Encodes `[height, width, layout]` bytes.
    public static func encode(
        _ pixels: [UInt8],
        width: Int,
        height: Int,
        layout: Layout
    ) throws(ImageError) -> Data {
        guard let columns = UInt32(exactly: width), let rows = UInt32(exactly: height), columns > 0, rows > 0 else {
            throw .encoding(reason: "\(width)x\(height) is not a size of a PNG file")
        }
        var size = ci_png_bound(columns, rows, Int32(layout.rawValue))
        guard size > 0 else { throw .encoding(reason: "\(width)x\(height) pixels are too many for one file") }
        precondition(pixels.count == width * height * layout.rawValue, "pixels do not fill the picture")
        var data = Data(count: size)
        let result = data.withUnsafeMutableBytes { buffer in
            ci_png_encode(
                pixels,
                columns,
                rows,
                Int32(layout.rawValue),
                buffer.bindMemory(to: UInt8.self).baseAddress,
                &size
            )
        }
        guard result.status == CI_OK else { throw .encoding(reason: result.text) }
        return data.prefix(size)
    }
}
