import Foundation
import JSON

/// A JSON value whose object members keep their order and their exact bytes.
///
/// Foundation's decoders hand out objects as `[String: …]`, and `String` compares by canonical equivalence: the
/// vocabulary entries `é` (U+00E9) and `e´` (U+0065 U+0301) would become one. Hence this type.
enum OrderedJSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([OrderedJSON])
    case object([Member])

    struct Member: Equatable, Sendable {
        let name: String
        let value: OrderedJSON
    }

    /// Parses one JSON document; a byte order mark is passed over.
    init(parsing data: Data) throws(TokenizerError) {
        do {
            self = try JSONCursor.read(data) { (cursor) throws(JSONCursor.Fault) in try OrderedJSON(&cursor) }
        } catch {
            throw TokenizerError(.invalidJSON, "\(error.problem) at byte \(error.offset)")
        }
    }

    private init(_ cursor: inout JSONCursor) throws(JSONCursor.Fault) {
        switch try cursor.nextKind() {
        case .null:
            try cursor.null()
            self = .null
        case .bool: self = .bool(try cursor.bool())
        case .number: self = .number(try cursor.number().double)
        case .string: self = .string(try cursor.string())
        case .array:
            var elements: [OrderedJSON] = []
            try cursor.array { (cursor) throws(JSONCursor.Fault) in elements.append(try OrderedJSON(&cursor)) }
            self = .array(elements)
        case .object:
            var members: [Member] = []
            try cursor.members { (cursor, name) throws(JSONCursor.Fault) in
                members.append(Member(name: name, value: try OrderedJSON(&cursor)))
            }
            self = .object(members)
        }
    }
}

/// A value together with its place in the file, for error messages.
struct JSONField {
    let value: OrderedJSON
    let path: String

    /// The member with this name; nil if it is absent or null.
    func optional(_ name: String) -> JSONField? {
        guard case .object(let members) = value else { return nil }
        guard let member = members.last(where: { $0.name.hasSameBytes(as: name) }) else { return nil }
        if case .null = member.value { return nil }
        return JSONField(value: member.value, path: "\(path).\(name)")
    }

    func required(_ name: String) throws(TokenizerError) -> JSONField {
        guard case .object = value else { throw wrongType("an object") }
        guard let field = optional(name) else {
            throw TokenizerError(.invalidField, "\(path) has no field \"\(name)\"")
        }
        return field
    }

    func string() throws(TokenizerError) -> String {
        guard case .string(let string) = value else { throw wrongType("a string") }
        return string
    }

    func bool() throws(TokenizerError) -> Bool {
        guard case .bool(let bool) = value else { throw wrongType("true or false") }
        return bool
    }

    /// An integer from 0 to `limit`.
    func count(limit: Int) throws(TokenizerError) -> Int {
        guard case .number(let number) = value, let count = Int(exactly: number), count >= 0 else {
            throw wrongType("a whole number from 0")
        }
        guard count <= limit else {
            throw TokenizerError(.limitExceeded, "\(path) is \(count); the limit is \(limit)")
        }
        return count
    }

    func members() throws(TokenizerError) -> [OrderedJSON.Member] {
        guard case .object(let members) = value else { throw wrongType("an object") }
        return members
    }

    func elements() throws(TokenizerError) -> [JSONField] {
        guard case .array(let values) = value else { throw wrongType("an array") }
        return values.enumerated().map { JSONField(value: $1, path: "\(path)[\($0)]") }
    }

    func bool(_ name: String, default fallback: Bool) throws(TokenizerError) -> Bool {
        guard let field = optional(name) else { return fallback }
        return try field.bool()
    }

    /// The `type` that names a component.
    func type() throws(TokenizerError) -> String { try required("type").string() }

    func wrongType(_ expected: String) -> TokenizerError {
        TokenizerError(.invalidField, "\(path) must be \(expected)")
    }

    func unsupported(_ kind: String, _ type: String, known: [String]) -> TokenizerError {
        let list = known.joined(separator: ", ")
        return TokenizerError(.unsupportedComponent, "\(path): unknown \(kind) \"\(type)\"; known are \(list)")
    }
}

extension String {
    /// Equality of the UTF-8 bytes; `==` would also accept canonically equivalent strings.
    func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
