/// SentencePiece's spaces: `▁` for each space, and one before the first word.
struct Metaspace: Sendable {
    /// Where a replacement is put before text that does not start with one.
    enum PrependScheme: String, Sendable, CaseIterable {
        /// Before every section of text between added tokens.
        case always
        /// At the start of the whole text only.
        case first
        case never
    }

    let replacement: [UInt8]
    let prependScheme: PrependScheme
    let splits: Bool

    init(_ field: JSONField) throws(TokenizerError) {
        let text = try field.optional("replacement")?.string() ?? "▁"
        guard text.unicodeScalars.count == 1 else { throw field.wrongType("one character as replacement") }
        replacement = Array(text.utf8)
        prependScheme = try Self.prependScheme(field)
        splits = try field.bool("split", default: true)
    }

    /// Rewrites and splits every piece.
    func apply(to words: inout PreTokenizedText) {
        words.rewrite { text, piece, result in
            var edits = TextPattern.literal([0x20]).edits(in: text, range: piece, replacement: replacement)
            let start = piece.lowerBound
            let startsWithSpace = text.bytes[start] == 0x20 || text.bytes[piece].starts(with: replacement)
            if !startsWithSpace, prepends(at: text.starts[start]) {
                edits.insert(AlignedText.Edit(range: start..<start, replacement: replacement), at: 0)
            }
            result.append(text, piece, edits: edits)
        }
        if splits { words.split(.literal(replacement), .mergedWithNext) }
    }

    // MARK: - Private

    private func prepends(at origin: Int) -> Bool {
        switch prependScheme {
        case .always: true
        case .first: origin == 0
        case .never: false
        }
    }

    /// `prepend_scheme`, or what older files say by `add_prefix_space`.
    private static func prependScheme(_ field: JSONField) throws(TokenizerError) -> PrependScheme {
        guard let scheme = field.optional("prepend_scheme") else {
            return try field.bool("add_prefix_space", default: true) ? .always : .never
        }
        let name = try scheme.string()
        guard let known = PrependScheme(rawValue: name) else {
            throw scheme.unsupported("prepend scheme", name, known: PrependScheme.allCases.map(\.rawValue))
        }
        return known
    }
}
