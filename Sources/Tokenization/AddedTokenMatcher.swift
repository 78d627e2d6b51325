/// Finds added tokens in a text: the leftmost, and the longest of those that start there.
struct AddedTokenMatcher: Sendable {
    /// A token or, without id, the text between tokens.
    struct Part {
        let id: Int?
        let range: Range<Int>
    }

    private struct Node: Sendable {
        var children: [UInt8: Int] = [:]
        var token: AddedToken?
    }

    /// A trie of the contents' bytes; the first node is the root.
    private var nodes = [Node()]

    /// Adds a token that is written as `content`; an empty content is never found.
    mutating func insert(_ token: AddedToken, content: [UInt8]) {
        guard !content.isEmpty else { return }
        var node = 0
        for byte in content {
            if let child = nodes[node].children[byte] {
                node = child
            } else {
                nodes[node].children[byte] = nodes.count
                node = nodes.count
                nodes.append(Node())
            }
        }
        nodes[node].token = token
    }

    /// The tokens in a text and the text between them, in order, without gaps and without empty parts.
    func parts(of bytes: [UInt8], isAllowed: (AddedToken, Range<Int>) -> Bool) -> [Part] {
        guard !nodes[0].children.isEmpty else { return bytes.isEmpty ? [] : [Part(id: nil, range: bytes.indices)] }
        var parts: [Part] = []
        var textStart = 0
        var position = 0
        while position < bytes.count {
            guard let (token, match) = longestMatch(in: bytes, at: position, isAllowed) else {
                position += 1
                continue
            }
            position = match.upperBound
            if token.isSingleWord, Self.touchesWord(match, in: bytes) { continue }
            let range = Self.withSpaces(token, match, in: bytes, from: textStart)
            if textStart < range.lowerBound { parts.append(Part(id: nil, range: textStart..<range.lowerBound)) }
            parts.append(Part(id: token.id, range: range))
            textStart = range.upperBound
            position = textStart
        }
        if textStart < bytes.count { parts.append(Part(id: nil, range: textStart..<bytes.count)) }
        return parts
    }

    // MARK: - Private

    private func longestMatch(
        in bytes: [UInt8],
        at start: Int,
        _ isAllowed: (AddedToken, Range<Int>) -> Bool
    ) -> (AddedToken, Range<Int>)? {
        var longest: (AddedToken, Range<Int>)?
        var node = 0
        var end = start
        while end < bytes.count, let child = nodes[node].children[bytes[end]] {
            node = child
            end += 1
            if let token = nodes[node].token, isAllowed(token, start..<end) { longest = (token, start..<end) }
        }
        return longest
    }

    private static func withSpaces(_ token: AddedToken, _ match: Range<Int>, in bytes: [UInt8], from: Int) -> Range<Int>
    {
        var start = match.lowerBound
        var end = match.upperBound
        while token.stripsLeft, let before = scalar(before: start, in: bytes), before.properties.isWhitespace {
            guard start - UTF8.width(before) >= from else { break }
            start -= UTF8.width(before)
        }
        while token.stripsRight, let after = scalar(at: end, in: bytes), after.properties.isWhitespace {
            end += UTF8.width(after)
        }
        return start..<end
    }

    private static func touchesWord(_ range: Range<Int>, in bytes: [UInt8]) -> Bool {
        let before = scalar(before: range.lowerBound, in: bytes)
        let after = scalar(at: range.upperBound, in: bytes)
        return before?.isWordScalar ?? false || after?.isWordScalar ?? false
    }

    private static func scalar(at position: Int, in bytes: [UInt8]) -> Unicode.Scalar? {
        guard position < bytes.count else { return nil }
        let end = min(position + UTF8Width.ofScalar(leadByte: bytes[position]), bytes.count)
        return String(decoding: bytes[position..<end], as: UTF8.self).unicodeScalars.first
    }

    private static func scalar(before position: Int, in bytes: [UInt8]) -> Unicode.Scalar? {
        var start = position - 1
        while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return start >= 0 ? scalar(at: start, in: bytes) : nil
    }
}

extension Unicode.Scalar {
    /// `\w` of Unicode Technical Standard 18, annex C.
    fileprivate var isWordScalar: Bool {
        switch properties.generalCategory {
        case .decimalNumber, .connectorPunctuation: true
        default: properties.isAlphabetic || isMark || properties.isJoinControl
        }
    }
}
