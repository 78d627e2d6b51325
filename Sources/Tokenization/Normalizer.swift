/// Rewrites text before it is split: `normalizer` in `tokenizer.json`.
indirect enum Normalizer: Sendable {
    case sequence([Normalizer])
    case unicode(NormalizationForm)
    case lowercase
    case stripAccents
    case strip(left: Bool, right: Bool)
    case prepend([UInt8])
    case replace(TextPattern, [UInt8])
    case byteLevel

    private static let known = [
        "Sequence", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Strip", "Prepend", "Replace",
        "ByteLevel",
    ]

    init(_ field: JSONField) throws(TokenizerError) {
        let type = try field.type()
        switch type {
        case "Sequence":
            var parts: [Normalizer] = []
            for part in try field.required("normalizers").elements() { parts.append(try Normalizer(part)) }
            self = .sequence(parts)
        case "NFC": self = .unicode(.nfc)
        case "NFD": self = .unicode(.nfd)
        case "NFKC": self = .unicode(.nfkc)
        case "NFKD": self = .unicode(.nfkd)
        case "Lowercase": self = .lowercase
        case "StripAccents": self = .stripAccents
        case "Strip":
            let left = try field.bool("strip_left", default: true)
            self = .strip(left: left, right: try field.bool("strip_right", default: true))
        case "Prepend": self = .prepend(Array(try field.required("prepend").string().utf8))
        case "Replace":
            let pattern = try TextPattern(field.required("pattern"))
            self = .replace(pattern, Array(try field.required("content").string().utf8))
        case "ByteLevel": self = .byteLevel
        default: throw field.unsupported("normalizer", type, known: Self.known)
        }
    }

    /// The normalized text.
    func apply(to text: AlignedText) -> AlignedText {
        let all = text.bytes.indices
        switch self {
        case .sequence(let parts): return parts.reduce(text) { $1.apply(to: $0) }
        case .unicode(let form): return form.apply(to: text)
        case .lowercase: return Self.mapScalars(of: text) { $0.properties.lowercaseMapping }
        case .stripAccents: return Self.mapScalars(of: text) { $0.isMark ? "" : nil }
        case .strip(let left, let right): return Self.strip(text, left: left, right: right)
        case .prepend(let prefix):
            return all.isEmpty ? text : text.applying([AlignedText.Edit(range: 0..<0, replacement: prefix)])
        case .replace(let pattern, let content):
            return text.applying(pattern.edits(in: text, range: all, replacement: content))
        case .byteLevel:
            var result = AlignedText()
            ByteAlphabet.append(text, all, to: &result)
            return result
        }
    }

    // MARK: - Private

    private static func mapScalars(of text: AlignedText, _ mapping: (Unicode.Scalar) -> String?) -> AlignedText {
        var edits: [AlignedText.Edit] = []
        text.forEachScalar(in: text.bytes.indices) { scalar, range in
            guard let mapped = mapping(scalar) else { return }
            let replacement = Array(mapped.utf8)
            if !text.bytes[range].elementsEqual(replacement) {
                edits.append(AlignedText.Edit(range: range, replacement: replacement))
            }
        }
        return text.applying(edits)
    }

    private static func strip(_ text: AlignedText, left: Bool, right: Bool) -> AlignedText {
        var kept: Range<Int>?
        text.forEachScalar(in: text.bytes.indices) { scalar, range in
            guard !scalar.properties.isWhitespace else { return }
            kept = (kept?.lowerBound ?? range.lowerBound)..<range.upperBound
        }
        let content = kept ?? (left ? text.bytes.count..<text.bytes.count : 0..<0)
        let start = left ? content.lowerBound : 0
        let end = right ? max(start, content.upperBound) : text.bytes.count
        var result = AlignedText()
        result.append(text, start..<end)
        return result
    }
}

extension Unicode.Scalar {
    /// Whether the general category is a mark (Mn, Mc, Me).
    var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}
