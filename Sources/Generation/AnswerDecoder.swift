import Tokenization

/// Text of an answer, token by token: what its tokens add to the prompt's text.
///
/// Templates put a space between `ASSISTANT:` and the answer, so an answer's own leading space is the template's and is
/// left out, but no second one; an answer that continues a dictated beginning keeps it.
struct AnswerDecoder {
    private var decoder: StreamingDecoder
    private var mayStripSpace: Bool

    init(_ tokenizer: Tokenizer, continuesBeginning: Bool) {
        decoder = StreamingDecoder(tokenizer, skipSpecialTokens: true, followsText: true)
        mayStripSpace = !continuesBeginning
    }

    mutating func push(_ id: Int) -> String {
        stripped(decoder.push(id))
    }

    mutating func finish() -> String {
        stripped(decoder.finish())
    }

    private mutating func stripped(_ text: String) -> String {
        guard mayStripSpace, !text.isEmpty else { return text }
        mayStripSpace = false
        return text.utf8.first == UInt8(ascii: " ") ? String(text.unicodeScalars.dropFirst()) : text
    }
}
