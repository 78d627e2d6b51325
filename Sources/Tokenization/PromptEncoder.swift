/// One token of an encoded prompt.
public struct EncodedToken: Equatable, Sendable {
    /// The vocabulary id. For an image the placeholder's; it is past the vocabulary's end if that has no placeholder.
    public let id: Int
    /// What the token is part of; `.image` for the place of a whole image.
    public let kind: PromptKind
    /// The part of the prompt the token stands for; for a BOS its name.
    public let text: String
}

/// A prompt as tokens, before image placeholders are expanded to image tokens.
public struct EncodedPrompt: Equatable, Sendable {
    /// The tokens in order; each image is one token of the kind `.image`.
    public let tokens: [EncodedToken]

    /// The ids in order.
    public var ids: [Int] { tokens.map(\.id) }
}

/// Encodes a rendered prompt as one text, and says of each token which segment it stems from.
///
/// The ids are those of the whole prompt string, so merges across segment borders are as in training. Only what the
/// template wrote may hold special tokens or image placeholders: the user's text cannot inject them.
public struct PromptEncoder: Sendable {
    private let tokenizer: Tokenizer
    private let placeholderID: Int

    /// An encoder for one tokenizer.
    ///
    /// - Parameter imagePlaceholder: the text of image segments; it need not be in the vocabulary.
    public init(_ tokenizer: Tokenizer, imagePlaceholder: String = ChatTemplate.imagePlaceholder) {
        let id = tokenizer.id(of: imagePlaceholder) ?? tokenizer.vocabularySize
        var added = tokenizer.addedTokens
        placeholderID = added.makeSpecial(imagePlaceholder, otherwise: id, normalizer: tokenizer.normalizer)
        self.tokenizer = Tokenizer(tokenizer, addedTokens: added)
    }

    /// The tokens of a prompt.
    ///
    /// - Parameter addSpecialTokens: whether the tokenizer's own BOS comes first; false for a later turn of a context.
    public func encode(_ segments: [PromptSegment], addSpecialTokens: Bool = true) -> EncodedPrompt {
        var bytes: [UInt8] = []
        var map = SegmentMap()
        for segment in segments {
            let start = bytes.count
            bytes += segment.text.utf8
            map.append(segment, start..<bytes.count)
        }
        let spans = tokenizer.encodeWithOffsets(bytes, plainText: map.plainText, addSpecialTokens: addSpecialTokens)
        var isAtStart = true
        let tokens = spans.map { span in
            if !span.isFromTemplate { isAtStart = false }
            return token(span, isAtStart: isAtStart, bytes: bytes, map: map)
        }
        return EncodedPrompt(tokens: tokens)
    }

    // MARK: - Private

    private func token(_ span: TokenSpan, isAtStart: Bool, bytes: [UInt8], map: SegmentMap) -> EncodedToken {
        if span.isFromTemplate {
            let name = tokenizer.piece(span.id) ?? ""
            return EncodedToken(id: span.id, kind: isAtStart ? .bos : .template, text: name)
        }
        let text = String(decoding: bytes[span.range], as: UTF8.self)
        if span.id == placeholderID, let index = map.image(in: span.range) {
            return EncodedToken(id: span.id, kind: .image(index), text: text)
        }
        // A word's token carries the space before it, which the template wrote: the word decides.
        let word = span.range.first { !Self.isSpace(bytes[$0]) }
        return EncodedToken(id: span.id, kind: map.kind(at: word ?? span.range.lowerBound), text: text)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// Which bytes of a prompt stem from which segment.
private struct SegmentMap {
    private var starts: [Int] = []
    private var kinds: [PromptKind] = []
    /// The ranges the template did not write.
    private(set) var plainText: [Range<Int>] = []

    mutating func append(_ segment: PromptSegment, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        starts.append(range.lowerBound)
        kinds.append(segment.kind)
        if !segment.isTrusted { plainText.append(range) }
    }

    /// The kind of the segment that holds this byte. Images are places, not words: beside one it is the template.
    func kind(at position: Int) -> PromptKind {
        guard let index = index(at: position) else { return .template }
        if case .image = kinds[index] { return .template }
        return kinds[index]
    }

    /// The number of the image whose placeholder is in this range.
    func image(in range: Range<Int>) -> Int? {
        guard !range.isEmpty, let first = index(at: range.lowerBound), let last = index(at: range.upperBound - 1) else {
            return nil
        }
        for case .image(let number) in kinds[first...last] { return number }
        return nil
    }

    /// The last segment that starts at or before a byte, by halving.
    private func index(at position: Int) -> Int? {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= position { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? low - 1 : nil
    }
}
