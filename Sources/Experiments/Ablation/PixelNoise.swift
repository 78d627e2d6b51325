public import Imaging
import Probing

/// The control for what a picture's surroundings give away: an object's pixels replaced by noise.
public enum PixelNoise {
    /// The picture with every selected pixel drawn uniformly; the same for a seed everywhere. The mask must have the
    /// picture's size.
    public static func noised(_ image: RGBImage, where mask: PixelMask, seed: UInt64) -> RGBImage {
        precondition(mask.width == image.width && mask.height == image.height, "the mask is another picture's")
        var generator = SplitMix64(seed: seed)
        var pixels = image.pixels
        for (index, isSelected) in mask.isSelected.enumerated() where isSelected {
            let bits = generator.next()
            for channel in 0..<3 {
                pixels[3 * index + channel] = UInt8(truncatingIfNeeded: bits >> (8 * UInt64(channel)))
            }
        }
        return RGBImage(width: image.width, height: image.height, pixels: pixels)
    }
}
