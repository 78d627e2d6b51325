/// A token and the part of the text it stands for.
public struct TokenSpan: Equatable, Sendable {
    /// The vocabulary id.
    public let id: Int
    /// UTF-8 offsets in the original text; empty for tokens that the post-processor or a prefix space put in.
    public let range: Range<Int>
    /// Whether the post-processor added the token (a BOS, for example): it stands for no text.
    public let isFromTemplate: Bool
}

extension Tokenizer {
    /// The ids of a text; special tokens written inside the text are recognised.
    ///
    /// - Parameter addSpecialTokens: whether the post-processor adds its tokens (a BOS, for example).
    public func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
        encode(text, addSpecialTokens: addSpecialTokens, parseSpecial: true)
    }

    /// The ids of a text.
    ///
    /// - Parameters:
    ///   - addSpecialTokens: whether the post-processor adds its tokens (a BOS, for example).
    ///   - parseSpecial: whether a special token written inside the text is that token; if not, it is plain text.
    public func encode(_ text: String, addSpecialTokens: Bool, parseSpecial: Bool) -> [Int] {
        encodeWithOffsets(text, addSpecialTokens: addSpecialTokens, parseSpecial: parseSpecial).map(\.id)
    }

    /// The tokens of a text with the UTF-8 offsets each stands for, in text order.
    public func encodeWithOffsets(
        _ text: String,
        addSpecialTokens: Bool,
        parseSpecial: Bool = true
    ) -> [TokenSpan] {
        let bytes = [UInt8](text.utf8)
        let plain = parseSpecial ? [] : [bytes.startIndex..<bytes.endIndex]
        return encodeWithOffsets(bytes, plainText: plain, addSpecialTokens: addSpecialTokens)
    }

    /// The tokens of a text in which no special token may touch the ranges of `plainText`.
    ///
    /// - Parameters:
    ///   - bytes: valid UTF-8.
    ///   - plainText: ascending, disjoint UTF-8 ranges.
    func encodeWithOffsets(_ bytes: [UInt8], plainText: [Range<Int>], addSpecialTokens: Bool) -> [TokenSpan] {
        var spans: [TokenSpan] = []
        for section in addedTokens.sections(of: bytes, normalizer: normalizer, plainText: plainText) {
            switch section {
            case .token(let id, let range):
                spans.append(TokenSpan(id: id, range: range, isFromTemplate: false))
            case .text(let text):
                var words = PreTokenizedText(text)
                preTokenizer?.apply(to: &words)
                for piece in words.pieces {
                    model.tokenize(words.text.bytes[piece]) { id, range in
                        let original = words.text.originalRange(range)
                        spans.append(TokenSpan(id: id, range: original, isFromTemplate: false))
                    }
                }
            }
        }
        return addSpecialTokens ? postProcessor.process(spans, textLength: bytes.count) : spans
    }
}
