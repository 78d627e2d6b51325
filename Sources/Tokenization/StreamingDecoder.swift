/// Text from ids that arrive one by one.
///
/// The outputs of all `push` calls and of `finish`, joined, are exactly `Tokenizer.decode` of all ids: text is held back
/// as long as later ids could still change it, so no code point is split and no U+FFFD is later taken back.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipSpecialTokens: Bool
    private var stages: TokenDecoder

    /// A decoder at the start of a text.
    public init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool) {
        self.tokenizer = tokenizer
        self.skipSpecialTokens = skipSpecialTokens
        stages = tokenizer.decoder
    }

    /// Takes the next id and returns the text that is now certain; often one word, sometimes nothing.
    public mutating func push(_ id: Int) -> String {
        guard let piece = tokenizer.piece(id), !(skipSpecialTokens && tokenizer.isSpecial(id)) else { return "" }
        return stages.push(piece)
    }

    /// Ends the text and returns what was held back. The decoder then stands at the start of a new text.
    public mutating func finish() -> String {
        let rest = stages.finish()
        stages = tokenizer.decoder
        return rest
    }
}
