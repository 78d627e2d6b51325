import Foundation

/// A pre-tokenizer's regular expression over UTF-8.
///
/// `tokenizers` runs Oniguruma, this runs ICU; published tokenizers stay within what both read alike.
struct RegularExpression: Sendable {
    /// A run on which ICU runs out of its match stack is matched in windows of this many UTF-16 units.
    private static let windowLength = 1 << 16

    private let expression: NSRegularExpression

    init(_ pattern: String, path: String) throws(TokenizerError) {
        do {
            expression = try NSRegularExpression(pattern: Self.withSetsForSpaces(pattern))
        } catch {
            throw TokenizerError(.invalidField, "\(path) is not a regular expression that can be read: \(pattern)")
        }
    }

    /// The matches in valid UTF-8, as ranges in the indices of `bytes`.
    func matches(in bytes: ArraySlice<UInt8>) -> [Range<Int>] {
        var cursor = UTF16Cursor(bytes)
        return ranges(in: String(decoding: bytes, as: UTF8.self), length: cursor.totalLength).map { range in
            let start = cursor.advance(to: range.lowerBound)
            return start..<cursor.advance(to: range.upperBound)
        }
    }

    // MARK: - Private

    private func ranges(in text: String, length: Int) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var position = 0
        while position <= length {
            let (matches, failed) = search(text, NSRange(location: position, length: length - position))
            found += matches
            guard failed else { break }
            // Failing needs a run of several hundred thousand scalars; the ids can then differ at window borders only.
            position = max(position, found.last?.upperBound ?? 0)
            let window = min(Self.windowLength, length - position)
            guard window > 0 else { break }
            found += search(text, NSRange(location: position, length: window)).matches
            position += window
        }
        return found
    }

    private func search(_ text: String, _ range: NSRange) -> (matches: [Range<Int>], failed: Bool) {
        var matches: [Range<Int>] = []
        var failed = false
        expression.enumerateMatches(in: text, options: .reportCompletion, range: range) { match, flags, _ in
            if let match { matches.append(match.range.lowerBound..<match.range.upperBound) }
            if flags.contains(.internalError) { failed = true }
        }
        return (matches, failed)
    }

    /// The pattern with `\s` and `\S` as sets: ICU repeats a set without using its match stack.
    private static func withSetsForSpaces(_ pattern: String) -> String {
        var result = ""
        var isEscaped = false
        var setDepth = 0
        for scalar in pattern.unicodeScalars {
            if isEscaped {
                let isSpace = (scalar == "s" || scalar == "S") && setDepth == 0
                result += isSpace ? (scalar == "s" ? "[\\s]" : "[^\\s]") : "\\\(scalar)"
                isEscaped = false
                continue
            }
            if scalar == "\\" {
                isEscaped = true
                continue
            }
            if scalar == "[" { setDepth += 1 }
            if scalar == "]", setDepth > 0 { setDepth -= 1 }
            result.unicodeScalars.append(scalar)
        }
        return isEscaped ? result + "\\" : result
    }
}

/// Turns ascending UTF-16 offsets into positions in UTF-8, in one pass.
private struct UTF16Cursor {
    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private var units = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var totalLength: Int { bytes.reduce(0) { $0 + Self.units(leadByte: $1) } }

    /// The position of this offset; inside a surrogate pair, the position after the pair.
    mutating func advance(to offset: Int) -> Int {
        while units < offset, position < bytes.endIndex {
            units += Self.units(leadByte: bytes[position])
            position = min(position + UTF8Width.ofScalar(leadByte: bytes[position]), bytes.endIndex)
        }
        return position
    }

    /// UTF-16 units of the scalar that starts with this byte; 0 for a continuation byte.
    private static func units(leadByte: UInt8) -> Int {
        leadByte >= 0xF0 ? 2 : leadByte & 0xC0 == 0x80 ? 0 : 1
    }
}
