import JSON

/// How many of some tokens.
public enum TokenAmount: Sendable, Equatable {
    /// A share of all, in (0, 1], rounded down.
    case fraction(Double)
    /// A number.
    case count(Int)

    /// Reads an amount: a number with a decimal point is a share, a whole one a count. Writers of JSON that drop the
    /// point of `1.0`, as JavaScript's does, say `"100%"`.
    public init(_ field: ProbeField) throws(ProbeError) {
        if let text = field.value.string {
            self = .fraction(try Self.share(text, field.path))
            return
        }
        if case .integer(let count) = field.value {
            guard count >= 1 else { throw .invalid(field.path, "is \(count); a count is at least 1") }
            self = .count(count)
            return
        }
        let share = try field.number()
        guard share > 0, share <= 1 else {
            throw .invalid(field.path, "is \(share); a share lies above 0 and is at most 1.0")
        }
        self = .fraction(share)
    }

    /// The number that it means of `total`; none and more than all are errors.
    public func count(of total: Int, parameter: String) throws(ProbeError) -> Int {
        let count =
            switch self {
            case .fraction(let share): Int(share * Double(total))
            case .count(let count): count
            }
        guard (1...max(1, total)).contains(count), total > 0 else {
            throw .unsupported(
                parameter,
                "keeps \(count) of \(total) image tokens; keep at least 1 and at most all"
            )
        }
        return count
    }

    /// A percentage as a share.
    private static func share(_ text: String, _ path: String) throws(ProbeError) -> Double {
        let digits = text.dropLast()
        guard text.hasSuffix("%"), digits.allSatisfy({ "0123456789.".contains($0) }), let percent = Double(digits)
        else {
            throw .invalid(path, "is \"\(text.prefix(40))\"; it must be a number or a percentage such as \"100%\"")
        }
        guard percent > 0, percent <= 100 else {
            throw .invalid(path, "is \(text.prefix(40)); a percentage lies above 0% and is at most 100%")
        }
        return percent / 100
    }

    /// The amount as one would write it in a request.
    var json: JSONValue {
        switch self {
        // Writers that drop the point of 1.0 would make it one token.
        case .fraction(1): "100%"
        case .fraction(let share): .number(share)
        case .count(let count): .integer(count)
        }
    }
}
