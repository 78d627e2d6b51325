/// The tokens that are found in a text before the model sees it: `added_tokens` in `tokenizer.json`.
struct AddedTokens: Sendable {
    /// A part of a text.
    enum Section: Sendable {
        case token(id: Int, range: Range<Int>)
        case text(AlignedText)
    }

    /// The largest id plus one.
    private(set) var size = 0
    private var tokens: [Int: AddedToken] = [:]
    private var ids: [PieceKey: Int] = [:]
    /// Tokens searched in the original text.
    private var verbatim = AddedTokenMatcher()
    /// Tokens searched after normalization, by their normalized content.
    private var normalized = AddedTokenMatcher()

    init(_ field: JSONField?, model: BPEModel, normalizer: Normalizer?) throws(TokenizerError) {
        guard let field else { return }
        for element in try field.elements() {
            let token = try AddedToken(element, vocabulary: model.vocabulary)
            insert(token, normalizer: normalizer)
        }
    }

    func content(_ id: Int) -> String? { tokens[id]?.content }

    func id(of piece: String) -> Int? { ids[PieceKey(text: piece)] }

    func isSpecial(_ id: Int) -> Bool { tokens[id]?.isSpecial ?? false }

    /// Adds a token, or replaces the one with its id.
    private mutating func insert(_ token: AddedToken, normalizer: Normalizer?) {
        size = max(size, token.id + 1)
        tokens[token.id] = token
        ids[PieceKey(text: token.content)] = token.id
        let content = AlignedText(original: Array(token.content.utf8)[...])
        if token.isNormalized {
            normalized.insert(token, content: (normalizer?.apply(to: content) ?? content).bytes)
        } else {
            verbatim.insert(token, content: content.bytes)
        }
    }

    /// Makes a text a special token: its own entry if there is one, else a new one with the id `otherwise`.
    mutating func makeSpecial(_ content: String, otherwise id: Int, normalizer: Normalizer?) -> Int {
        guard let known = self.id(of: content) else {
            insert(AddedToken(id: id, special: content), normalizer: normalizer)
            return id
        }
        tokens[known]?.isSpecial = true
        return known
    }

    /// Cuts a text at the tokens in it and normalizes what lies between them, each part on its own.
    ///
    /// - Parameter plainText: ranges that special tokens may not touch.
    func sections(of bytes: [UInt8], normalizer: Normalizer?, plainText: [Range<Int>]) -> [Section] {
        let isAllowed = { (token: AddedToken, range: Range<Int>) in
            !isSpecial(token.id) || !plainText.contains { $0.overlaps(range) }
        }
        var sections: [Section] = []
        for part in verbatim.parts(of: bytes, isAllowed: isAllowed) {
            if let id = part.id {
                sections.append(.token(id: id, range: part.range))
                continue
            }
            let original = AlignedText(original: bytes[part.range])
            let text = normalizer?.apply(to: original) ?? original
            let inner = normalized.parts(of: text.bytes) { isAllowed($0, text.originalRange($1)) }
            for part in inner {
                if let id = part.id {
                    sections.append(.token(id: id, range: text.originalRange(part.range)))
                } else {
                    var rest = AlignedText()
                    rest.append(text, part.range)
                    sections.append(.text(rest))
                }
            }
        }
        return sections
    }
}

/// One added token and how it is matched.
struct AddedToken: Sendable {
    let id: Int
    let content: String
    var isSpecial: Bool
    /// Whether it is searched in the normalized text.
    let isNormalized: Bool
    /// Whether it may not touch a word on either side.
    let isSingleWord: Bool
    /// Whether it takes the white space before it.
    let stripsLeft: Bool
    /// Whether it takes the white space after it.
    let stripsRight: Bool

    /// A special token that is matched as it is written.
    init(id: Int, special content: String) {
        self.id = id
        self.content = content
        isSpecial = true
        isNormalized = false
        isSingleWord = false
        stripsLeft = false
        stripsRight = false
    }

    init(_ field: JSONField, vocabulary: Vocabulary) throws(TokenizerError) {
        content = try field.required("content").string()
        let stated = try field.required("id").count(limit: Vocabulary.idLimit - 1)
        // The model's own entry wins, as in `tokenizers`: its id is the one that was trained.
        id = vocabulary.id(of: content) ?? stated
        isSpecial = try field.bool("special", default: false)
        isNormalized = try field.bool("normalized", default: !isSpecial)
        isSingleWord = try field.bool("single_word", default: false)
        stripsLeft = try field.bool("lstrip", default: false)
        stripsRight = try field.bool("rstrip", default: false)
    }
}
