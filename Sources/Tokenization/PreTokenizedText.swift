/// A text and the pieces it is split into; what no piece covers is dropped.
struct PreTokenizedText: Sendable {
    private(set) var text: AlignedText
    private(set) var pieces: [Range<Int>]

    init(_ text: AlignedText) {
        self.text = text
        pieces = text.bytes.isEmpty ? [] : [text.bytes.indices]
    }

    /// Splits every piece.
    mutating func split(_ pattern: TextPattern, _ behavior: SplitBehavior, isInverted: Bool = false) {
        pieces = pieces.flatMap { piece in
            behavior.pieces(of: piece, matches: pattern.matches(in: text, range: piece), isInverted: isInverted)
        }
    }

    /// Rewrites every piece: the closure appends the new content of a range of the old text to a new text.
    mutating func rewrite(_ body: (AlignedText, Range<Int>, inout AlignedText) -> Void) {
        var result = AlignedText()
        var ranges: [Range<Int>] = []
        for piece in pieces {
            let start = result.bytes.count
            body(text, piece, &result)
            if start < result.bytes.count { ranges.append(start..<result.bytes.count) }
        }
        text = result
        pieces = ranges
    }
}
