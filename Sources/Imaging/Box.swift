/// A rectangle in pixels, `[x0, x1) × [y0, y1)`, the origin at the picture's top left corner.
public struct Box: Sendable, Equatable {
    /// Left edge.
    public var x0: Double
    /// Top edge.
    public var y0: Double
    /// Right edge.
    public var x1: Double
    /// Bottom edge.
    public var y1: Double

    /// Takes the edges in the API's order.
    public init(x0: Double, y0: Double, x1: Double, y1: Double) {
        self.x0 = x0
        self.y0 = y0
        self.x1 = x1
        self.y1 = y1
    }

    /// Horizontal extent.
    public var width: Double { x1 - x0 }
    /// Vertical extent.
    public var height: Double { y1 - y0 }
    /// True if the box covers no area.
    public var isEmpty: Bool { !(width > 0 && height > 0) }
    /// `[x0, y0, x1, y1]`, as the API writes boxes.
    public var corners: [Double] { [x0, y0, x1, y1] }
    /// The same for a message, to a hundredth of a pixel.
    public var text: String {
        let numbers = corners.map { corner in
            let rounded = (corner * 100).rounded() / 100
            return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
        }
        return "[\(numbers.joined(separator: ", "))]"
    }
}

/// A point in pixels.
public struct Point: Sendable, Equatable {
    /// Distance from the left edge.
    public var x: Double
    /// Distance from the top edge.
    public var y: Double

    /// Takes the coordinates in the API's order.
    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}
