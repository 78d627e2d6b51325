/// Text from ids that arrive one by one.
///
/// The outputs of all `push` calls and of `finish`, joined, are exactly `Tokenizer.decode` of all ids: text is held back
/// as long as later ids could still change it, so no code point is split and no U+FFFD is later taken back.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipSpecialTokens: Bool
    private let start: TokenDecoder
    private var stages: TokenDecoder

    /// A decoder at the start of a text.
    ///
    /// - Parameter followsText: whether the text follows another, so that nothing is its first word's: a decoder that drops
    ///   the space that encoding puts before a first word keeps it.
    public init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool, followsText: Bool = false) {
        self.tokenizer = tokenizer
        self.skipSpecialTokens = skipSpecialTokens
        var decoder = tokenizer.decoder
        // A letter, which every kind of vocabulary writes as itself, and of which no stage holds anything back.
        if followsText { _ = decoder.push("a") }
        start = decoder
        stages = decoder
    }

    /// Takes the next id and returns the text that is now certain; often one word, sometimes nothing.
    public mutating func push(_ id: Int) -> String {
        guard let piece = tokenizer.piece(id), !(skipSpecialTokens && tokenizer.isSpecial(id)) else { return "" }
        return stages.push(piece)
    }

    /// Ends the text and returns what was held back. The decoder then stands at the start of a new text.
    public mutating func finish() -> String {
        let rest = stages.finish()
        stages = start
        return rest
    }
}
