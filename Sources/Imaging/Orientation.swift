internal import Foundation

/// EXIF's orientation: where the stored picture's first row and column lie (EXIF 2.32, tag 0x0112).
enum Orientation: Int {
    case upright = 1
    case mirrored = 2
    case upsideDown = 3
    case flipped = 4
    case transposed = 5
    case turnedLeft = 6
    case transversed = 7
    case turnedRight = 8

    /// Reads a file's orientation from EXIF or, as Pillow does, from XMP; upright if there is none or it is damaged.
    init(of data: Data, format: ImageFormat) {
        let metadata = EmbeddedMetadata(of: data, format: format)
        self = metadata.orientation.flatMap(Orientation.init) ?? .upright
    }

    /// Moves the pixels so that the picture is upright.
    func apply(to image: RGBImage) -> RGBImage {
        guard self != .upright else { return image }
        let (width, height) = (image.width, image.height)
        let last = width * height - 1
        // The upright picture's first pixel in the stored one, and the steps to its right and lower neighbours.
        let (origin, right, down) =
            switch self {
            case .upright: (0, 1, width)
            case .mirrored: (width - 1, -1, width)
            case .upsideDown: (last, -1, -width)
            case .flipped: (last - width + 1, 1, -width)
            case .transposed: (0, width, 1)
            case .turnedLeft: (last - width + 1, -width, 1)
            case .transversed: (last, -width, -1)
            case .turnedRight: (width - 1, width, -1)
            }
        let isTurned = rawValue >= Orientation.transposed.rawValue
        let (newWidth, newHeight) = isTurned ? (height, width) : (width, height)
        let pixels = [UInt8](unsafeUninitializedCapacity: image.pixels.count) { buffer, count in
            for y in 0..<newHeight {
                for x in 0..<newWidth {
                    let source = 3 * (origin + x * right + y * down)
                    for channel in 0..<3 {
                        buffer.initializeElement(at: count + channel, to: image.pixels[source + channel])
                    }
                    count += 3
                }
            }
        }
        return RGBImage(width: newWidth, height: newHeight, pixels: pixels)
    }
}
