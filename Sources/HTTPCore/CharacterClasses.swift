/// Byte classes of RFC 9110 §5.6.2 and RFC 5234 appendix B.1.
extension UInt8 {
    /// `tchar`: what method and field names are made of.
    var isTokenCharacter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"): true
        case UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        case UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"): true
        default: false
        }
    }

    /// `field-vchar`, space or tab: what a field value is made of (RFC 9110 §5.5).
    var isFieldValueCharacter: Bool { isBlank || (0x21...0x7E).contains(self) || self >= 0x80 }

    /// Space or horizontal tab.
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    /// The value of a hexadecimal digit.
    var hexDigitValue: Int? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(self) - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(self) - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(self) - 55
        default: nil
        }
    }
}

extension Collection where Element == UInt8 {
    /// The bytes without spaces and tabs at either end (`OWS`, RFC 9110 §5.6.3).
    func trimmingBlanks() -> SubSequence {
        var rest = self[...]
        while let first = rest.first, first.isBlank { rest = rest.dropFirst() }
        guard let last = rest.indices.reversed().first(where: { !rest[$0].isBlank }) else { return rest.prefix(0) }
        return rest[...last]
    }
}
