/// Byte-pair encoding of one word by ranked merges (Sennrich et al. 2016), as `tokenizers` defines it.
struct BPEModel: Sendable {
    /// What a merge makes, and its rank: lower ranks merge first.
    struct Merge: Sendable {
        let rank: UInt32
        let id: UInt32
    }

    let vocabulary: Vocabulary
    let unknownID: Int?
    let fusesUnknown: Bool
    /// Whether a word that is a vocabulary entry is taken whole, whatever the merges say.
    let ignoresMerges: Bool
    /// The 256 ids of `<0x00>` … `<0xFF>`, nil where absent; empty without byte fallback.
    let byteIDs: [Int?]
    let merges: [UInt64: Merge]

    init(_ field: JSONField) throws(TokenizerError) {
        if field.optional("type") != nil || field.optional("merges") == nil {
            let type = try field.type()
            guard type == "BPE" else { throw field.unsupported("model", type, known: ["BPE"]) }
        }
        try Self.refuseVariants(field)
        vocabulary = try Vocabulary(field.required("vocab"))
        fusesUnknown = try field.bool("fuse_unk", default: false)
        ignoresMerges = try field.bool("ignore_merges", default: false)
        unknownID = try Self.unknownID(field, in: vocabulary)
        byteIDs = try field.bool("byte_fallback", default: false) ? Self.byteIDs(in: vocabulary) : []
        merges = try Self.merges(field.required("merges"), vocabulary: vocabulary)
    }

    /// The key of a pair in `merges`.
    static func key(_ left: UInt32, _ right: UInt32) -> UInt64 { UInt64(left) << 32 | UInt64(right) }

    // MARK: - Private

    private static func refuseVariants(_ field: JSONField) throws(TokenizerError) {
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard let affix = field.optional(name), try !affix.string().isEmpty else { continue }
            throw TokenizerError(.unsupportedComponent, "\(affix.path) is set; only BPE without affixes is supported")
        }
        if let dropout = field.optional("dropout"), dropout.value != .number(0) {
            throw TokenizerError(.unsupportedComponent, "\(dropout.path) is set; encoding must be deterministic")
        }
    }

    private static func unknownID(_ field: JSONField, in vocabulary: Vocabulary) throws(TokenizerError) -> Int? {
        guard let unknown = try field.optional("unk_token")?.string() else { return nil }
        guard let id = vocabulary.id(of: unknown) else {
            throw TokenizerError(.invalidVocabulary, "the unknown token \"\(unknown)\" is not in the vocabulary")
        }
        return id
    }

    private static func byteIDs(in vocabulary: Vocabulary) -> [Int?] {
        (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return vocabulary.id(of: "<0x\(byte < 16 ? "0" : "")\(digits)>")
        }
    }

    private static func merges(_ field: JSONField, vocabulary: Vocabulary) throws(TokenizerError) -> [UInt64: Merge] {
        guard case .array(let rules) = field.value else { throw field.wrongType("an array") }
        var merges: [UInt64: Merge] = [:]
        merges.reserveCapacity(rules.count)
        for (rank, rule) in rules.enumerated() {
            guard let (left, right) = pair(rule) else {
                throw JSONField(value: rule, path: "\(field.path)[\(rank)]").wrongType("two pieces")
            }
            guard let leftID = vocabulary.id(of: left), let rightID = vocabulary.id(of: right),
                let id = vocabulary.id(of: left + right)
            else {
                let name = "\(field.path)[\(rank)]"
                throw TokenizerError(
                    .invalidVocabulary,
                    "\(name) joins \"\(left)\" and \"\(right)\": both and their union must be in the vocabulary"
                )
            }
            merges[key(UInt32(leftID), UInt32(rightID))] = Merge(rank: UInt32(rank), id: UInt32(id))
        }
        return merges
    }

    /// Both spellings: `"a b"`, and `["a", "b"]` for pieces that may hold spaces.
    private static func pair(_ rule: OrderedJSON) -> (String, String)? {
        switch rule {
        case .string(let text):
            let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            return (String(Substring(parts[0])), String(Substring(parts[1])))
        case .array(let parts):
            guard parts.count == 2, case .string(let left) = parts[0], case .string(let right) = parts[1] else {
                return nil
            }
            return (left, right)
        default: return nil
        }
    }
}
