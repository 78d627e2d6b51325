import JSON

/// How many of some tokens.
public enum TokenAmount: Sendable, Equatable {
    /// A share of all, in (0, 1], rounded down.
    case fraction(Double)
    /// A number.
    case count(Int)

    /// Reads an amount: a number with a decimal point is a share, a whole one a count.
    public init(_ field: ProbeField) throws(ProbeError) {
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

    /// The amount as one would write it in a request.
    var json: JSONValue {
        switch self {
        case .fraction(let share): .number(share)
        case .count(let count): .integer(count)
        }
    }
}
