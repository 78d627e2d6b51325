import Foundation

/// What a normalizer, a splitter or a decoder searches for.
enum TextPattern: Sendable {
    case literal([UInt8])
    case regularExpression(RegularExpression)
    case scalars(@Sendable (Unicode.Scalar) -> Bool)

    /// Reads `{"String": …}` or `{"Regex": …}`.
    init(_ field: JSONField) throws(TokenizerError) {
        if let literal = field.optional("String") {
            let bytes = Array(try literal.string().utf8)
            self = bytes.isEmpty ? .regularExpression(try RegularExpression("", path: field.path)) : .literal(bytes)
        } else if let expression = field.optional("Regex") {
            self = .regularExpression(try RegularExpression(expression.string(), path: expression.path))
        } else {
            throw field.wrongType("{\"String\": …} or {\"Regex\": …}")
        }
    }

    /// The matches in a byte range that starts and ends between scalars: ascending, disjoint, possibly empty ones.
    func matches(in text: AlignedText, range: Range<Int>) -> [Range<Int>] {
        switch self {
        case .literal(let literal): Self.occurrences(of: literal, in: text.bytes[range])
        case .regularExpression(let expression): expression.matches(in: text.bytes[range])
        case .scalars(let isMatch): Self.scalars(of: text, range: range, isMatch)
        }
    }

    /// The edits that replace every match.
    func edits(in text: AlignedText, range: Range<Int>, replacement: [UInt8]) -> [AlignedText.Edit] {
        matches(in: text, range: range).map { AlignedText.Edit(range: $0, replacement: replacement) }
    }

    /// Calls `body` with the places of a literal: ascending, disjoint.
    static func forEachOccurrence(of literal: [UInt8], in bytes: ArraySlice<UInt8>, _ body: (Range<Int>) -> Void) {
        var position = bytes.startIndex
        while position + literal.count <= bytes.endIndex {
            // Comparing slices costs far more than a byte, and most positions fail on the first.
            if bytes[position] == literal[0], bytes[position..<(position + literal.count)].elementsEqual(literal) {
                body(position..<(position + literal.count))
                position += literal.count
            } else {
                position += 1
            }
        }
    }

    // MARK: - Private

    private static func occurrences(of literal: [UInt8], in bytes: ArraySlice<UInt8>) -> [Range<Int>] {
        var found: [Range<Int>] = []
        forEachOccurrence(of: literal, in: bytes) { found.append($0) }
        return found
    }

    private static func scalars(
        of text: AlignedText,
        range: Range<Int>,
        _ isMatch: (Unicode.Scalar) -> Bool
    ) -> [Range<Int>] {
        var found: [Range<Int>] = []
        text.forEachScalar(in: range) { scalar, range in
            if isMatch(scalar) { found.append(range) }
        }
        return found
    }
}
