import JSON

/// How a context is compressed, as it was written: P2's re-prompting.
public struct CompressionRequest: Sendable {
    /// How many image tokens a layer keeps.
    public enum Amount: Sendable, Equatable {
        /// A share of all, in (0, 1].
        case fraction(Double)
        /// A number.
        case count(Int)
    }

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
    public var keep = Amount.fraction(0.05)
    /// Which ones.
    public var select = Selection.generated
    /// And what of the rest.
    public var strategy = Strategy.textAndImage
    /// Seed of a random choice.
    public var seed = 0

    /// A twentieth of the image tokens, those that the answer attended to most, and all text.
    public init() {}

    /// Reads the `compress` member of a request. A number with a decimal point is a share, a whole one a count.
    public init(_ field: ProbeField?) throws(ProbeError) {
        guard let field = try field?.object() else { return }
        if let keep = field.member("keep") { self.keep = try Self.amount(keep) }
        if let select = field.member("select") { self.select = try select.word() }
        if let strategy = field.member("strategy") { self.strategy = try strategy.word() }
        if let seed = field.member("seed") { self.seed = try seed.integer() }
    }

    /// Image tokens that each layer keeps of `total`: a share is rounded down.
    public func count(of total: Int) throws(ProbeError) -> Int {
        if strategy == .text { return 0 }
        let count =
            switch keep {
            case .fraction(let share): Int(share * Double(total))
            case .count(let count): count
            }
        guard (1...total).contains(count) else {
            throw .unsupported(
                "compress.keep",
                "keeps \(count) of \(total) image tokens; keep at least 1 and at most all"
            )
        }
        return count
    }

    // MARK: - Private

    private static func amount(_ field: ProbeField) throws(ProbeError) -> Amount {
        if case .integer(let count) = field.value {
            guard count >= 1 else { throw .invalid(field.path, "is \(count); a count is at least 1") }
            return .count(count)
        }
        let share = try field.number()
        guard share > 0, share <= 1 else {
            throw .invalid(field.path, "is \(share); a share lies above 0 and is at most 1.0")
        }
        return .fraction(share)
    }
}
