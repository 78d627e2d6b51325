extension Tokenizer {
    /// The text of a list of ids. Ids outside the vocabulary are left out.
    ///
    /// - Parameter skipSpecialTokens: whether special tokens are left out.
    public func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String {
        var decoder = StreamingDecoder(self, skipSpecialTokens: skipSpecialTokens)
        var text = ""
        for id in ids { text += decoder.push(id) }
        return text + decoder.finish()
    }
}
