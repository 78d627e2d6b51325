extension JSONCursor {
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

    // MARK: - Private

    /// One digit or more.
    private mutating func digits() throws(Fault) {
        let start = offset
        while let byte = peek(), (0x30...0x39).contains(byte) { offset += 1 }
        guard offset > start else { throw unexpected("a digit") }
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
