internal import CImage
internal import Foundation

/// Pixels as a codec gives them: RGB or RGBA, not yet upright.
struct RawImage {
    let width: Int
    let height: Int
    /// 3, or 4 with straight (not premultiplied) alpha last.
    let channels: Int
    /// `[height, width, channels]`.
    let pixels: [UInt8]

    init(_ data: Data, as format: ImageFormat, limits: ImageLimits) throws(ImageError) {
        let codec = Codec(format)
        var header = ci_header()
        try codec.check(data.withUnsafeBytes { codec.header($0.bytes, $0.count, &header) })
        let (width, height, channels) = (Int(header.width), Int(header.height), Int(header.channels))
        guard max(width, height) <= limits.maxSide else {
            throw .tooLarge(what: "pixels on one side", value: max(width, height), limit: limits.maxSide)
        }
        let (area, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, area <= limits.maxPixels else {
            throw .tooLarge(what: "pixels", value: overflow ? .max : area, limit: limits.maxPixels)
        }
        guard area > 0 else { throw .corrupt(format, reason: "it has no pixels") }

        var result = ci_result()
        pixels = [UInt8](unsafeUninitializedCapacity: area * channels) { buffer, count in
            // A codec that stops half-way leaves pixels unwritten; the error below discards them.
            buffer.initialize(repeating: 0)
            count = area * channels
            result = data.withUnsafeBytes { codec.decode($0.bytes, $0.count, buffer.baseAddress, count) }
        }
        try codec.check(result)
        (self.width, self.height, self.channels) = (width, height, channels)
    }

    /// Alpha composited on white: `(colour * alpha + 255 * (255 - alpha)) / 255`, rounded.
    func onWhite() -> RGBImage {
        guard channels == 4 else { return RGBImage(width: width, height: height, pixels: pixels) }
        let opaque = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
            for pixel in 0..<width * height {
                let alpha = UInt32(pixels[4 * pixel + 3])
                for channel in 0..<3 {
                    let sum = UInt32(pixels[4 * pixel + channel]) * alpha + 255 * (255 - alpha) + 128
                    buffer.initializeElement(at: 3 * pixel + channel, to: UInt8((sum + (sum >> 8)) >> 8))
                }
            }
            count = width * height * 3
        }
        return RGBImage(width: width, height: height, pixels: opaque)
    }
}

/// The C functions that read one format.
private struct Codec {
    typealias ReadHeader = (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<ci_header>?) -> ci_result
    typealias Decode = (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, Int) -> ci_result

    let format: ImageFormat
    let header: ReadHeader
    let decode: Decode

    init(_ format: ImageFormat) {
        self.format = format
        (header, decode) =
            switch format {
            case .jpeg: (ci_jpeg_header, ci_jpeg_decode)
            case .png: (ci_png_header, ci_png_decode)
            case .webp: (ci_webp_header, ci_webp_decode)
            }
    }

    func check(_ result: ci_result) throws(ImageError) {
        switch result.status {
        case CI_OK: return
        case CI_TRUNCATED: throw .truncated(format)
        case CI_UNSUPPORTED: throw .unsupported(format, reason: result.text)
        case CI_OUT_OF_MEMORY: throw .corrupt(format, reason: "its codec ran out of memory")
        default: throw .corrupt(format, reason: result.text)
        }
    }
}

extension ci_result {
    /// The codec's message.
    var text: String {
        withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var bytes: UnsafePointer<UInt8>? { bindMemory(to: UInt8.self).baseAddress }
}
