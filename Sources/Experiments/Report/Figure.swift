/// How a group of measurements is drawn.
public struct Figure: Sendable, Equatable {
    /// What runs along the horizontal axis.
    public enum Axis: Sendable, Equatable {
        /// Decoder layers.
        case layer
        /// Numbers of another kind.
        case named(String)
        /// Words, of which the measurements hold the index.
        case words(String, [String])
        /// One bar for each series.
        case bars
    }

    /// The series that is drawn as the level of chance.
    static let chance = "chance"

    /// The name, which measurements refer to.
    public let name: String
    /// The horizontal axis.
    public let axis: Axis
    /// What the vertical axis measures.
    public let measure: String
    /// Whether values are shares, so that the vertical axis runs from 0 to 1.
    public let isShare: Bool
    /// What a reader should know beside it.
    public let note: String?

    /// Describes a figure.
    public init(_ name: String, axis: Axis, measure: String, isShare: Bool = true, note: String? = nil) {
        self.name = name
        self.axis = axis
        self.measure = measure
        self.isShare = isShare
        self.note = note
    }

    /// The horizontal axis' title.
    var axisTitle: String {
        switch axis {
        case .layer: "layer"
        case .named(let title), .words(let title, _): title
        case .bars: ""
        }
    }

    /// What stands at a place of the horizontal axis.
    func label(_ x: Int) -> String {
        if case .words(_, let words) = axis, words.indices.contains(x) { return words[x] }
        return String(x)
    }
}
