public import Foundation

/// Any JSON value, as untrusted input is read and as answers are built.
///
/// Foundation's decoder takes trailing commas and hides where it stumbled, hence `JSONCursor`.
public enum JSONValue: Sendable, Equatable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number that is an integer in 64 bits.
    case integer(Int)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object; the order of keys is not kept.
    case object([String: JSONValue])

    /// Parses a whole document; of equal keys the last one counts.
    public init(parsing data: Data) throws(JSONError) {
        do {
            self = try JSONCursor.read(data) { (cursor) throws(JSONCursor.Fault) in try cursor.value() }
        } catch {
            throw JSONError(message: "invalid JSON at byte \(error.offset): \(error.problem)")
        }
    }

    /// The element `key` of an object; `nil` for absent keys, `null` and other kinds.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let fields) = self, let value = fields[key], value != .null else { return nil }
        return value
    }

    /// The string, if it is one.
    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The boolean, if it is one.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The integer, if the number is integral.
    public var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The number, integral or not.
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The elements, if it is an array.
    public var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The fields, if it is an object.
    public var object: [String: JSONValue]? {
        if case .object(let value) = self { value } else { nil }
    }

    /// What kind of value it is, for messages.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Text that is not JSON.
public struct JSONError: Error, CustomStringConvertible, Sendable {
    /// What the parser stumbled over.
    public let message: String

    /// The message.
    public var description: String { message }
}

extension JSONCursor {
    /// Reads any value.
    fileprivate mutating func value() throws(Fault) -> JSONValue {
        switch try nextKind() {
        case .null:
            try null()
            return .null
        case .bool: return .bool(try bool())
        case .string: return .string(try string())
        case .number:
            switch try number() {
            case .integer(let value): return .integer(value)
            case .fraction(let value): return .number(value)
            }
        case .array:
            var elements: [JSONValue] = []
            try array { (cursor) throws(Fault) in elements.append(try cursor.value()) }
            return .array(elements)
        case .object:
            var fields: [String: JSONValue] = [:]
            try members { (cursor, key) throws(Fault) in fields[key] = try cursor.value() }
            return .object(fields)
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral, ExpressibleByFloatLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of equal keys the last one counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
}
