/// Splits text into words: `pre_tokenizer` in `tokenizer.json`.
indirect enum PreTokenizer: Sendable {
    case sequence([PreTokenizer])
    case split(TextPattern, SplitBehavior, isInverted: Bool)
    case byteLevel(addsPrefixSpace: Bool, splitter: TextPattern?)
    case metaspace(Metaspace)

    private static let known = [
        "Sequence", "Split", "ByteLevel", "Metaspace", "Digits", "Punctuation", "Whitespace", "WhitespaceSplit",
        "CharDelimiterSplit", "BertPreTokenizer",
    ]

    /// GPT-2's word pattern (Radford et al. 2019).
    private static let byteLevelPattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    init(_ field: JSONField) throws(TokenizerError) {
        let type = try field.type()
        switch type {
        case "Sequence":
            var parts: [PreTokenizer] = []
            for part in try field.required("pretokenizers").elements() { parts.append(try PreTokenizer(part)) }
            self = .sequence(parts)
        case "Split":
            let pattern = try TextPattern(field.required("pattern"))
            let behavior = try SplitBehavior(field.required("behavior"))
            self = .split(pattern, behavior, isInverted: try field.bool("invert", default: false))
        case "ByteLevel":
            let usesPattern = try field.bool("use_regex", default: true)
            let expression = try RegularExpression(Self.byteLevelPattern, path: field.path)
            let addsPrefixSpace = try field.bool("add_prefix_space", default: true)
            self = .byteLevel(
                addsPrefixSpace: addsPrefixSpace,
                splitter: usesPattern ? .regularExpression(expression) : nil
            )
        case "Metaspace": self = .metaspace(try Metaspace(field))
        default:
            guard let simple = try Self.scalarSplitter(type, field) else {
                throw field.unsupported("pre-tokenizer", type, known: Self.known)
            }
            self = simple
        }
    }

    /// Splits every piece further.
    func apply(to words: inout PreTokenizedText) {
        switch self {
        case .sequence(let parts): for part in parts { part.apply(to: &words) }
        case .split(let pattern, let behavior, let isInverted):
            words.split(pattern, behavior, isInverted: isInverted)
        case .metaspace(let metaspace): metaspace.apply(to: &words)
        case .byteLevel(let addsPrefixSpace, let splitter):
            if addsPrefixSpace { words.rewrite(Self.appendWithPrefixSpace) }
            if let splitter { words.split(splitter, .isolated) }
            words.rewrite { ByteAlphabet.append($0, $1, to: &$2) }
        }
    }

    // MARK: - Private

    private static func scalarSplitter(_ type: String, _ field: JSONField) throws(TokenizerError) -> PreTokenizer? {
        switch type {
        case "Digits":
            let isIndividual = try field.bool("individual_digits", default: false)
            return .split(.scalars(\.isNumber), isIndividual ? .isolated : .contiguous, isInverted: false)
        case "Punctuation":
            let behavior = try field.optional("behavior").map { name throws(TokenizerError) in
                try SplitBehavior(name)
            }
            return .split(.scalars(\.isPunctuation), behavior ?? .isolated, isInverted: false)
        case "Whitespace":
            let words = try RegularExpression(#"\w+|[^\w\s]+"#, path: field.path)
            return .split(.regularExpression(words), .removed, isInverted: true)
        case "WhitespaceSplit": return .split(.scalars(\.properties.isWhitespace), .removed, isInverted: false)
        case "CharDelimiterSplit":
            let delimiter = try field.required("delimiter").string()
            guard delimiter.unicodeScalars.count == 1 else { throw field.wrongType("one character as delimiter") }
            return .split(.literal(Array(delimiter.utf8)), .removed, isInverted: false)
        case "BertPreTokenizer":
            return .sequence([
                .split(.scalars(\.properties.isWhitespace), .removed, isInverted: false),
                .split(.scalars(\.isPunctuation), .isolated, isInverted: false),
            ])
        default: return nil
        }
    }

    private static func appendWithPrefixSpace(_ text: AlignedText, _ piece: Range<Int>, to result: inout AlignedText) {
        let start = piece.lowerBound
        let space = AlignedText.Edit(range: start..<start, replacement: [0x20])
        result.append(text, piece, edits: text.bytes[start] == 0x20 ? [] : [space])
    }
}

extension Unicode.Scalar {
    /// Whether the general category is a number (Nd, Nl, No).
    fileprivate var isNumber: Bool {
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }

    /// Whether the general category is punctuation, or an ASCII symbol.
    fileprivate var isPunctuation: Bool {
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            true
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: isASCII
        default: false
        }
    }
}
