/// How much each of some input tokens has to do with a next-token logit.
public struct Attribution: Sendable {
    /// How far integrated gradients are from what they must add up to: exact ones sum to the change of the logit.
    public struct Completeness: Sendable {
        /// Sum of all scores, signed.
        public let sum: Double
        /// The logit at the inputs less that at the baseline.
        public let difference: Double

        /// |sum - difference|.
        public var error: Double { abs(sum - difference) }
        /// The same over |difference|; `nil` where the logit does not change.
        public var relativeError: Double? { difference == 0 ? nil : error / abs(difference) }
    }

    /// The tokens' positions, ascending.
    public let positions: [Int]
    /// Each token's score, summed over the embedding's dimensions with their signs; `nil` for relevancy.
    public let signed: [Float]?
    /// The same without signs, Σ|·|; for relevancy its value, which has none.
    public let absolute: [Float]
    /// The target's logit at the inputs.
    public let logit: Float
    /// For integrated gradients.
    public let completeness: Completeness?

    /// The positions, the most responsible first; of equals the earlier one.
    public var ranked: [Int] {
        absolute.indices.sorted { (absolute[$0], $1) > (absolute[$1], $0) }.map { positions[$0] }
    }
}
