internal import CImage
public import Foundation

/// Reads JPEG, PNG and WebP files.
///
/// The pixels equal those of Pillow's `ImageOps.exif_transpose(Image.open(…)).convert("RGB")`, except that
/// transparency is composited on white and 16-bit grey keeps its high byte, as 16-bit colour does.
public enum ImageDecoder {
    /// Decodes a file to upright, opaque RGB; limits are checked before pixels are allocated.
    public static func decode(_ data: Data, limits: ImageLimits = .standard) throws(ImageError) -> DecodedImage {
        let format = try recognise(data, limits)
        let raw = try RawImage(data, as: format, limits: limits)
        let image = Orientation(of: data, format: format).apply(to: raw.onWhite())
        return DecodedImage(image: image, format: format)
    }

    /// Decodes a PNG selection: a pixel is selected if it is neither black nor fully transparent.
    public static func decodeMask(_ data: Data, limits: ImageLimits = .standard) throws(ImageError) -> PixelMask {
        guard try recognise(data, limits) == .png else {
            throw .invalidSelection("a mask must be a PNG file; other formats blur its edge")
        }
        let raw = try RawImage(data, as: .png, limits: limits)
        let flags = stride(from: 0, to: raw.pixels.count, by: raw.channels).map { index in
            let isOpaque = raw.channels == 3 || raw.pixels[index + 3] > 0
            return isOpaque && raw.pixels[index..<index + 3].contains { $0 > 0 }
        }
        return PixelMask(width: raw.width, height: raw.height, isSelected: flags)
    }

    // MARK: - Private

    private static func recognise(_ data: Data, _ limits: ImageLimits) throws(ImageError) -> ImageFormat {
        guard data.count <= limits.maxBytes else {
            throw .tooLarge(what: "bytes", value: data.count, limit: limits.maxBytes)
        }
        guard let format = ImageFormat(signatureOf: data) else { throw .unknownFormat }
        return format
    }
}

extension ImageFormat {
    /// Recognises a file by its first bytes.
    init?(signatureOf data: Data) {
        if data.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if data.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if data.starts(with: Array("RIFF".utf8)), data.dropFirst(8).starts(with: Array("WEBP".utf8)) {
            self = .webp
        } else {
            return nil
        }
    }
}
