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

    let bytes: UnsafeRawBufferPointer
    var offset = 0
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

    // MARK: - Bytes

    func peek() -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    mutating func expect(_ byte: UInt8, _ what: String) throws(Fault) {
        guard accept(byte) else { throw unexpected(what) }
    }

    func unexpected(_ what: String) -> Fault {
        let found = peek().map { "byte 0x\(String($0, radix: 16))" } ?? "the end"
        return Fault(offset: offset, problem: "expected \(what), found \(found)")
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    // MARK: - Private

    private mutating func accept(_ byte: UInt8) -> Bool {
        skipSpace()
        return take(byte)
    }

    private mutating func descend() throws(Fault) {
        depth += 1
        guard depth <= Self.depthLimit else {
            throw Fault(offset: offset, problem: "values nested deeper than \(Self.depthLimit)")
        }
    }

    private mutating func word(_ word: String) throws(Fault) {
        for byte in word.utf8 where !take(byte) { throw unexpected("\(word)") }
    }
}
