import JSON

/// How a context is compressed, as it was written: P2's re-prompting.
public struct CompressionRequest: Sendable {
    /// What makes an image token worth keeping.
    public enum Selection: String, Sendable, CaseIterable {
        /// Attention of the rows that produced the answer, mean over rows and heads.
        case generated
        /// Attention of the prompt's last row, mean over heads.
        case question
        /// The L2 norm of the state that the layer reads.
        case norm
        /// Chance.
        case random
    }

    /// Which parts of the prompt are kept.
    public enum Strategy: String, Sendable, CaseIterable {
        /// Text and the chosen image tokens.
        case textAndImage = "qs"
        /// Text alone.
        case text = "q"
        /// The chosen image tokens alone.
        case image = "s"
    }

    /// How many image tokens a layer keeps.
    public var keep = TokenAmount.fraction(0.05)
    /// Which ones.
    public var select = Selection.generated
    /// And what of the rest.
    public var strategy = Strategy.textAndImage
    /// Seed of a random choice.
    public var seed = 0

    /// A twentieth of the image tokens, those that the answer attended to most, and all text.
    public init() {}

    /// Reads the `compress` member of a request.
    public init(_ field: ProbeField?) throws(ProbeError) {
        guard let field = try field?.object() else { return }
        if let keep = field.member("keep") { self.keep = try TokenAmount(keep) }
        if let select = field.member("select") { self.select = try select.word() }
        if let strategy = field.member("strategy") { self.strategy = try strategy.word() }
        if let seed = field.member("seed") { self.seed = try seed.integer() }
    }

    /// Image tokens that each layer keeps of `total`: a share is rounded down.
    public func count(of total: Int) throws(ProbeError) -> Int {
        if strategy == .text { return 0 }
        return try keep.count(of: total, parameter: "compress.keep")
    }
}
