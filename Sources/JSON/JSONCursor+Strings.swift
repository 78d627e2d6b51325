extension JSONCursor {
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

    // MARK: - Private

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
