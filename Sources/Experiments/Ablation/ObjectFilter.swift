public import Imaging
import Probing

/// An object that a data set's annotation marks in a picture.
public struct AnnotatedObject: Sendable, Equatable {
    /// Its class.
    public var className: String
    /// Its box in original pixels.
    public var box: Box
    /// Pixels that it covers.
    public var area: Double

    /// An object as annotated.
    public init(className: String, box: Box, area: Double) {
        self.className = className
        self.box = box
        self.area = area
    }
}

/// Which objects P1 asks about: small, alone of their class, in pictures that hold little else.
public struct ObjectFilter: Sendable, Equatable {
    /// Objects that a picture may have.
    public var maximumObjects = 5
    /// Objects of the asked class that a picture may have.
    public var maximumInstances = 1
    /// Pixels that the object covers.
    public var area = 1000.0...2000.0

    /// P1's limits.
    public init() {}

    /// Whether an object passes, given all objects of its picture, itself among them. That it is named in the clean
    /// picture and not in one whose object is noise has to be seen by asking: see `PixelNoise` and `AblationTask`.
    public func admits(_ object: AnnotatedObject, among objects: [AnnotatedObject]) -> Bool {
        objects.count <= maximumObjects && area.contains(object.area)
            && objects.count { $0.className == object.className } <= maximumInstances
    }
}

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
