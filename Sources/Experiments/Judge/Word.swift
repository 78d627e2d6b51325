/// A word of a text, lower-cased.
struct Word: Sendable, Equatable {
    /// Letters and digits, with the hyphens and apostrophes inside; a possessive's `'s` is cut off.
    let text: String
    /// Whether it was written with a possessive's `'s`.
    let isPossessive: Bool
    /// Whether punctuation follows, so that no phrase goes on behind it.
    let endsClause: Bool

    /// The words of `text` in order.
    static func words(of text: String) -> [Word] {
        var words: [Word] = []
        var letters = ""
        var hasEnded = false
        var endsClause = false
        func close() {
            if !letters.isEmpty { words.append(Word(letters, endsClause: endsClause)) }
            letters = ""
            hasEnded = false
            endsClause = false
        }
        let characters = Array(text.lowercased())
        for (index, character) in characters.enumerated() {
            if character.isLetter || character.isNumber {
                if hasEnded { close() }
                letters.append(character)
            } else if isJoint(character), !letters.isEmpty, !hasEnded, index + 1 < characters.count,
                characters[index + 1].isLetter || characters[index + 1].isNumber
            {
                letters.append(character == "’" ? "'" : character)
            } else if !letters.isEmpty {
                hasEnded = true
                endsClause = endsClause || !(character.isWhitespace || isQuote(character))
            }
        }
        endsClause = true
        close()
        return words
    }

    // MARK: - Private

    private init(_ written: String, endsClause: Bool) {
        isPossessive = written.hasSuffix("'s")
        text = isPossessive ? String(written.dropLast(2)) : written
        self.endsClause = endsClause
    }

    private static func isJoint(_ character: Character) -> Bool {
        character == "-" || character == "'" || character == "’"
    }

    private static func isQuote(_ character: Character) -> Bool {
        character == "\"" || character == "“" || character == "”" || character == "*"
    }
}
