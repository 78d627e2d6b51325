import JSON

/// Which hidden states a request wants to read as words, as it was written.
public struct LensRequest: Sendable {
    /// Positions; the picture's by default.
    public let positions: SpanSelector
    /// States: 0 is the embedding, k follows block k.
    public let layers: LayerSelector
    /// Words reported for each state.
    public let topK: Int
    /// Whether the final norm is applied before the head.
    public let isNormed: Bool
    /// Words that may be reported; `nil` for all.
    public let vocabulary: [String]?
    /// A word whose probability is reported everywhere.
    public let target: String?

    /// Reads the `lens` member of a request; `nil` stands for its defaults.
    public init(_ field: ProbeField?) throws(ProbeError) {
        if let field, field.value.object == nil {
            throw .invalid(field.path, "must be an object, not \(field.value.kind)")
        }
        positions =
            try field?.member("positions").map { value throws(ProbeError) in try SpanSelector(value) }
            ?? .named("image")
        layers = try field?.member("layers").map { value throws(ProbeError) in try LayerSelector(value) } ?? .all
        topK = try field?.member("top_k")?.integer() ?? 5
        guard (0...1000).contains(topK) else {
            throw .invalid("lens.top_k", "is \(topK); it must lie in 0…1000")
        }
        isNormed = try Self.isNormed(field?.member("norm"))
        target = try field?.member("target")?.string()
        if let words = field?.member("vocabulary") {
            var list: [String] = []
            for word in try words.elements() { list.append(try word.string()) }
            vocabulary = list
        } else {
            vocabulary = nil
        }
    }

    private static func isNormed(_ field: ProbeField?) throws(ProbeError) -> Bool {
        switch try field?.string() ?? "final" {
        case "final": true
        case "none": false
        case let name: throw .invalid(field?.path ?? "lens.norm", "\"\(name)\" is not among final, none")
        }
    }
}
