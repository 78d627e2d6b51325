import Foundation

/// Finds where a text says a phrase.
public enum PhraseLocator {
    /// The places of `phrase` in `text` as half-open ranges of UTF-8 offsets, ascending: whole words only ("car" is not in
    /// "carpet"), in any case, in the singular or the plural. Without `wholeWords` the letters alone decide.
    public static func ranges(of phrase: String, in text: String, wholeWords: Bool = true) -> [Range<Int>] {
        let phrase = phrase.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !phrase.isEmpty else { return [] }
        var ranges: [Range<Int>] = []
        var start = text.startIndex
        while let found = text.range(of: phrase, options: [.caseInsensitive, .literal], range: start..<text.endIndex) {
            start = text.index(after: found.lowerBound)
            let begins = found.lowerBound == text.startIndex || !isWordPart(text[text.index(before: found.lowerBound)])
            let ending = wholeWords ? wordEnd(after: found.upperBound, in: text) : found.upperBound
            guard begins || !wholeWords, let end = ending else { continue }
            let utf8 = text.utf8
            ranges.append(
                utf8.distance(
                    from: text.startIndex,
                    to: found.lowerBound
                )..<utf8.distance(from: text.startIndex, to: end)
            )
            start = end
        }
        return ranges
    }

    /// The tokens, in order, whose text overlaps `ranges` of the UTF-8 of all tokens together. A token without text that
    /// stands directly before one of them belongs to it: its bytes came out with that one.
    public static func tokens(_ texts: [String], overlapping ranges: [Range<Int>]) -> [Int] {
        var chosen: [Int] = []
        var pending: [Int] = []
        var offset = 0
        for (index, text) in texts.enumerated() {
            let span = offset..<offset + text.utf8.count
            offset = span.upperBound
            if span.isEmpty {
                pending.append(index)
            } else {
                if ranges.contains(where: { $0.overlaps(span) }) { chosen += pending + [index] }
                pending = []
            }
        }
        return chosen
    }

    // MARK: - Private

    /// Where the word that goes on at `index` ends, if it is the phrase's own end or a plural's.
    private static func wordEnd(after index: String.Index, in text: String) -> String.Index? {
        for ending in ["", "s", "es"] {
            let rest = text[index...]
            guard rest.prefix(ending.count).lowercased() == ending else { continue }
            let end = text.index(index, offsetBy: ending.count)
            if end == text.endIndex || !isWordPart(text[end]) { return end }
        }
        return nil
    }

    private static func isWordPart(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}
