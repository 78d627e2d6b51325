package import Foundation

/// Reads JSON (RFC 8259) from bytes, one value at a time, as the caller expects it; the one scanner of the project.
///
/// Strict, since what it reads is untrusted: no trailing commas, no leading zeros, no control characters or invalid
/// UTF-8 in strings, a limit on nesting. Strings keep their exact bytes.
package struct JSONCursor {
    /// Why the bytes are not what was expected, with the offset of the first byte at fault.
    package struct Fault: Error, Equatable {
        /// Bytes before the fault.
        package let offset: Int
        /// What is wrong there.
        package let problem: String
    }

    /// What kind of value comes next.
    package enum Kind {
        case object, array, string, number, bool, null
    }

    /// Objects and arrays nested deeper than this are refused.
    package static let depthLimit = 128

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    private var depth = 0
    /// Where the last member's key began.
    private var keyOffset = 0

    /// Reads `bytes`, which must stay valid as long as the cursor is used.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Reads a whole document with `body`; a byte order mark is passed over.
    package static func read<Value>(
        _ data: Data,
        _ body: (inout JSONCursor) throws(Fault) -> Value
    ) throws(Fault) -> Value {
        let result = data.withUnsafeBytes { bytes -> Result<Value, Fault> in
            var cursor = JSONCursor(bytes)
            if data.starts(with: [0xEF, 0xBB, 0xBF]) { cursor.offset = 3 }
            do throws(Fault) {
                let value = try body(&cursor)
                try cursor.end()
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The kind of the next value, judged by its first byte.
    package mutating func nextKind() throws(Fault) -> Kind {
        skipSpace()
        guard let byte = peek() else { throw unexpected("a value") }
        switch byte {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw unexpected("a value")
        }
    }

    /// Reads an object; `member` must consume the value of each key, in the order and as often as they occur.
    package mutating func members(_ member: (inout JSONCursor, String) throws(Fault) -> Void) throws(Fault) {
        try expect(UInt8(ascii: "{"), "an object")
        try descend()
        defer { depth -= 1 }
        guard !accept(UInt8(ascii: "}")) else { return }
        repeat {
            keyOffset = offset
            let key = try string()
            try expect(UInt8(ascii: ":"), "':' after key '\(key)'")
            try member(&self, key)
        } while accept(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "',' or '}'")
    }

    /// Reads an object whose keys must differ.
    package mutating func object(_ member: (inout JSONCursor, String) throws(Fault) -> Void) throws(Fault) {
        var seen: Set<String> = []
        try members { (cursor, key) throws(Fault) in
            guard seen.insert(key).inserted else {
                throw Fault(offset: cursor.keyOffset, problem: "key '\(key)' occurs twice")
            }
            try member(&cursor, key)
        }
    }

    /// Reads an array; `element` must consume each value.
    package mutating func array(_ element: (inout JSONCursor) throws(Fault) -> Void) throws(Fault) {
        try expect(UInt8(ascii: "["), "an array")
        try descend()
        defer { depth -= 1 }
        guard !accept(UInt8(ascii: "]")) else { return }
        repeat { try element(&self) } while accept(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "',' or ']'")
    }

    /// Reads at most `limit` integers that are not negative and fit a signed word.
    package mutating func naturals(limit: Int) throws(Fault) -> [Int] {
        var values: [Int] = []
        try array { (cursor) throws(Fault) in
            let value = try cursor.natural()
            guard values.count < limit else {
                throw Fault(offset: cursor.offset, problem: "more than \(limit) numbers")
            }
            values.append(value)
        }
        return values
    }

    /// Reads an integer that is not negative.
    package mutating func natural() throws(Fault) -> Int {
        skipSpace()
        let start = offset
        var value = 0
        while let byte = peek(), (0x30...0x39).contains(byte) {
            let (scaled, scaleOverflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) = scaled.addingReportingOverflow(Int(byte - 0x30))
            guard !scaleOverflow, !sumOverflow else {
                throw Fault(offset: start, problem: "number over \(Int.max)")
            }
            value = sum
            offset += 1
        }
        guard offset > start else { throw unexpected("a whole number") }
        guard offset == start + 1 || bytes[start] != 0x30 else {
            throw Fault(offset: start, problem: "number with a leading zero")
        }
        return value
    }

    /// Reads a string; its bytes must be UTF-8 and its escapes valid.
    package mutating func string() throws(Fault) -> String {
        try expect(UInt8(ascii: "\""), "a string")
        let start = offset
        var units: [UInt8] = []
        while true {
            let run = offset
            while let byte = peek(), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
                offset += 1
            }
            guard let byte = peek() else { throw Fault(offset: start, problem: "string without an end") }
            guard byte >= 0x20 else { throw Fault(offset: offset, problem: "control character in a string") }
            let plain = bytes[run..<offset]
            offset += 1
            if byte == UInt8(ascii: "\"") {
                if units.isEmpty { return try text(plain, start) }
                units += plain
                return try text(units, start)
            }
            units += plain
            units += try escape().utf8
        }
    }

    /// Reads a number; those with neither fraction nor exponent that fit are integers.
    package mutating func number() throws(Fault) -> JSONNumber {
        skipSpace()
        let start = offset
        _ = take(UInt8(ascii: "-"))
        let firstDigit = offset
        try digits()
        guard offset == firstDigit + 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
            throw Fault(offset: start, problem: "number with a leading zero")
        }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
            try digits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw Fault(offset: start, problem: "number over \(Double.greatestFiniteMagnitude)")
        }
        return .fraction(value)
    }

    /// Reads `true` or `false`.
    package mutating func bool() throws(Fault) -> Bool {
        skipSpace()
        if peek() == UInt8(ascii: "t") {
            try word("true")
            return true
        }
        try word("false")
        return false
    }

    /// Reads `null`.
    package mutating func null() throws(Fault) {
        skipSpace()
        try word("null")
    }

    /// Passes over any one value.
    package mutating func skipValue() throws(Fault) {
        switch try nextKind() {
        case .object: try members { (cursor, _) throws(Fault) in try cursor.skipValue() }
        case .array: try array { (cursor) throws(Fault) in try cursor.skipValue() }
        case .string: _ = try string()
        case .number: _ = try number()
        case .bool: _ = try bool()
        case .null: try null()
        }
    }

    /// Requires that only white space is left.
    package mutating func end() throws(Fault) {
        skipSpace()
        guard offset == bytes.count else { throw unexpected("the end") }
    }

    // MARK: - Private

    private func peek() -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        skipSpace()
        return take(byte)
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(Fault) {
        guard accept(byte) else { throw unexpected(what) }
    }

    private func unexpected(_ what: String) -> Fault {
        let found = peek().map { "byte 0x\(String($0, radix: 16))" } ?? "the end"
        return Fault(offset: offset, problem: "expected \(what), found \(found)")
    }

    private mutating func descend() throws(Fault) {
        depth += 1
        guard depth <= Self.depthLimit else {
            throw Fault(offset: offset, problem: "values nested deeper than \(Self.depthLimit)")
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    /// One digit or more.
    private mutating func digits() throws(Fault) {
        let start = offset
        while let byte = peek(), (0x30...0x39).contains(byte) { offset += 1 }
        guard offset > start else { throw unexpected("a digit") }
    }

    private mutating func word(_ word: String) throws(Fault) {
        for byte in word.utf8 where !take(byte) { throw unexpected("\(word)") }
    }

    private func text(_ units: some Collection<UInt8>, _ start: Int) throws(Fault) -> String {
        guard let text = String(validating: units, as: UTF8.self) else {
            throw Fault(offset: start, problem: "string that is not UTF-8")
        }
        return text
    }

    private mutating func escape() throws(Fault) -> String {
        guard let byte = peek() else { throw unexpected("an escape") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return String(try escapedScalar())
        default:
            offset -= 1
            throw unexpected("an escape")
        }
    }

    /// RFC 8259 §7: a character outside the basic plane is a pair of surrogates.
    private mutating func escapedScalar() throws(Fault) -> Unicode.Scalar {
        let start = offset
        var code = try hexadecimal()
        if (0xd800..<0xdc00).contains(code), peek() == UInt8(ascii: "\\") {
            offset += 1
            guard peek() == UInt8(ascii: "u") else { throw unexpected("a second surrogate") }
            offset += 1
            let low = try hexadecimal()
            guard (0xdc00..<0xe000).contains(low) else {
                throw Fault(offset: start, problem: "surrogate without its pair")
            }
            code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw Fault(offset: start, problem: "surrogate without its pair")
        }
        return scalar
    }

    private mutating func hexadecimal() throws(Fault) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek().flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw unexpected("a hexadecimal digit")
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}

/// A number as it was written.
package enum JSONNumber: Equatable {
    /// Without fraction or exponent, and within 64 bits.
    case integer(Int)
    /// Any other.
    case fraction(Double)

    /// The number, rounded to a double where it is a large integer.
    package var double: Double {
        switch self {
        case .integer(let value): Double(value)
        case .fraction(let value): value
        }
    }
}
