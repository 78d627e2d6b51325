import JSON

/// Which image tokens count as attention sinks, as a request wrote it (arXiv 2503.03321).
public struct SinkExclusion: Sendable, Equatable {
    /// What a normed state must reach in a sink dimension.
    public var threshold = standardThreshold
    /// The sink dimensions; `nil` for those that the first token shows in each layer.
    public var dimensions: [Int]?

    /// The threshold τ of arXiv 2503.03321.
    public static let standardThreshold = 20.0

    /// Standard threshold and dimensions.
    public init() {}

    /// Reads `true`, `false` (`nil`) or `{"tau","dimensions"}`.
    init?(_ field: ProbeField) throws(ProbeError) {
        guard field.value.object != nil else {
            guard field.value.bool != nil else {
                throw .invalid(field.path, "must be true, false or an object, not \(field.value.kind)")
            }
            if try field.flag() { return } else { return nil }
        }
        if let tau = field.member("tau") {
            threshold = try tau.number()
            guard threshold > 0 else { throw .invalid(tau.path, "is \(threshold); it must be positive") }
        }
        dimensions = try field.member("dimensions").map { field throws(ProbeError) in try field.integers() }
    }
}
