/// What becomes of the matches when a text is split at them.
enum SplitBehavior: String, Sendable, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    init(_ field: JSONField) throws(TokenizerError) {
        let name = try field.string()
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw field.unsupported("split behavior", name, known: Self.allCases.map(\.rawValue))
        }
        self = behavior
    }

    /// The pieces of a range, none of them empty.
    ///
    /// - Parameters:
    ///   - matches: ascending and disjoint, inside the range.
    ///   - isInverted: whether what lies between the matches counts as the match.
    func pieces(of range: Range<Int>, matches: [Range<Int>], isInverted: Bool) -> [Range<Int>] {
        var parts: [Part] = []
        var position = range.lowerBound
        for match in matches {
            if position < match.lowerBound { parts.append(Part(range: position..<match.lowerBound, isMatch: false)) }
            parts.append(Part(range: match, isMatch: true))
            position = match.upperBound
        }
        if position < range.upperBound { parts.append(Part(range: position..<range.upperBound, isMatch: false)) }
        if isInverted { parts = parts.map { Part(range: $0.range, isMatch: !$0.isMatch) } }
        return merge(parts).filter { !$0.isEmpty }
    }

    // MARK: - Private

    private struct Part {
        let range: Range<Int>
        let isMatch: Bool
    }

    private func merge(_ parts: [Part]) -> [Range<Int>] {
        switch self {
        case .removed: parts.filter { !$0.isMatch }.map(\.range)
        case .isolated: parts.map(\.range)
        case .contiguous: Self.fold(parts) { $0.isMatch == $1.isMatch }
        case .mergedWithPrevious: Self.fold(parts) { !$0.isMatch && $1.isMatch }
        case .mergedWithNext: Self.fold(parts) { $0.isMatch && !$1.isMatch }
        }
    }

    /// Joins each part with the one before where `joins(previous, part)` says so.
    private static func fold(_ parts: [Part], joins: (Part, Part) -> Bool) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var previous: Part?
        for part in parts {
            if let before = previous, let last = result.last, joins(before, part) {
                result[result.count - 1] = last.lowerBound..<part.range.upperBound
            } else {
                result.append(part.range)
            }
            previous = part
        }
        return result
    }
}
