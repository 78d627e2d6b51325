public import Foundation

extension JSONValue {
    /// The compact text, keys sorted so that equal values give equal bytes. Numbers that JSON cannot carry
    /// (infinities, NaN) become `null`.
    public func serialized() -> Data {
        var writer = JSONWriter()
        writer.write(self)
        return Data(writer.bytes)
    }
}

/// Appends values to a byte buffer; answers may hold a million numbers, so nothing is boxed on the way.
private struct JSONWriter {
    var bytes: [UInt8] = []

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: append("null")
        case .bool(let flag): append(flag ? "true" : "false")
        case .integer(let number): append(String(number))
        case .number(let number): append(number.isFinite ? number.description : "null")
        case .string(let text): write(text)
        case .array(let elements):
            sequence(elements, open: "[", close: "]") { writer, element in writer.write(element) }
        case .object(let fields):
            sequence(fields.sorted { $0.key < $1.key }, open: "{", close: "}") { writer, field in
                writer.write(field.key)
                writer.append(":")
                writer.write(field.value)
            }
        }
    }

    private mutating func sequence<Element>(
        _ elements: [Element],
        open: StaticString,
        close: StaticString,
        _ body: (inout JSONWriter, Element) -> Void
    ) {
        append(open.description)
        for (index, element) in elements.enumerated() {
            if index > 0 { append(",") }
            body(&self, element)
        }
        append(close.description)
    }

    private mutating func write(_ text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case 0..<0x20: append("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        append("\"")
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }
}
