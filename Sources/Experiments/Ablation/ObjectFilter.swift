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

    /// No limit but that of the class, whose name must single the object out.
    public static var all: ObjectFilter {
        var filter = ObjectFilter()
        filter.maximumObjects = .max
        filter.area = 0 ... .infinity
        return filter
    }

    /// Whether an object passes, given all objects of its picture, itself among them. That it is named in the clean
    /// picture and not in one whose object is noise has to be seen by asking: see `NoiseControl`.
    public func admits(_ object: AnnotatedObject, among objects: [AnnotatedObject]) -> Bool {
        objects.count <= maximumObjects && area.contains(object.area)
            && objects.count { $0.className == object.className } <= maximumInstances
    }
}

extension ObjectFilter: CustomStringConvertible {
    /// The limits, as results carry them.
    public var description: String {
        var parts: [String] = []
        if area != Self.all.area {
            let ends = [area.lowerBound, area.upperBound].map { Int(exactly: $0).map(String.init) ?? "\($0)" }
            parts.append(ends.joined(separator: " to ") + " pixels")
        }
        if maximumObjects != .max { parts.append("at most \(maximumObjects) objects in the picture") }
        return parts.isEmpty ? "all" : parts.joined(separator: ", ")
    }
}
