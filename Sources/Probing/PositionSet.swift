import Models

/// A set of sequence positions: some of the prompt's, and all generated ones or none.
public struct PositionSet: Sendable, Equatable {
    /// Membership of each prompt position.
    public private(set) var prompt: [Bool]
    /// Whether every position from the prompt's length on belongs.
    public var generated: Bool

    /// A set of positions below `length`, which must be in range.
    public init(length: Int, positions: some Sequence<Int> = [], generated: Bool = false) {
        prompt = Array(repeating: false, count: length)
        self.generated = generated
        for position in positions { prompt[position] = true }
    }

    /// Whether `position` belongs.
    public func contains(_ position: Int) -> Bool {
        position < prompt.count ? prompt[position] : generated
    }

    /// The prompt positions that belong, ascending.
    public var promptPositions: [Int] { prompt.indices.filter { prompt[$0] } }

    /// The same as half-open ranges.
    public var ranges: [Range<Int>] { Range.runs(of: promptPositions) }

    /// Whether nothing belongs.
    public var isEmpty: Bool { !generated && !prompt.contains(true) }

    /// The first position that belongs, given that generated ones follow the prompt; `nil` when empty.
    public var first: Int? { first(from: 0) }

    /// The first position from `start` on that belongs, given that generated ones follow the prompt; `nil` for none.
    public func first(from start: Int) -> Int? {
        if let position = prompt.indices.dropFirst(start).first(where: { prompt[$0] }) { return position }
        return generated ? max(start, prompt.count) : nil
    }

    /// Positions in either.
    public func union(_ other: PositionSet) -> PositionSet { combined(other) { $0 || $1 } }
    /// Positions in both.
    public func intersection(_ other: PositionSet) -> PositionSet { combined(other) { $0 && $1 } }
    /// Positions in `self` only.
    public func subtracting(_ other: PositionSet) -> PositionSet { combined(other) { $0 && !$1 } }

    private func combined(_ other: PositionSet, _ rule: (Bool, Bool) -> Bool) -> PositionSet {
        var result = self
        result.prompt = zip(prompt, other.prompt).map(rule)
        result.generated = rule(generated, other.generated)
        return result
    }
}
