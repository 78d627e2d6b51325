/// What an Accept header allows (RFC 9110 §12.5.1).
public struct AcceptedTypes: Sendable, Equatable {
    private struct Range: Sendable, Equatable {
        let type: MediaType
        let weight: Double
    }

    private let ranges: [Range]

    /// The ranges of a header's value; an absent or unreadable header accepts everything.
    public init(_ value: String?) {
        let items = (value ?? "").split(separator: ",").compactMap { MediaType($0) }
        ranges = items.map { Range(type: $0, weight: Self.weight(of: $0)) }
    }

    /// How much a type is wanted, from 0 (not at all) to 1; the most specific range decides.
    public func quality(of type: String) -> Double {
        guard !ranges.isEmpty else { return 1 }
        let matches = ranges.compactMap { range in
            range.type.specificity(for: type).map { (specificity: $0, weight: range.weight) }
        }
        return matches.max { $0.specificity < $1.specificity }?.weight ?? 0
    }

    /// The types and ranges that the header lists, but for those that it declines.
    public var wanted: [String] { ranges.filter { $0.weight > 0 }.map(\.type.essence) }

    /// The most wanted of the types on offer, the earlier one of equals; `nil` if none is wanted.
    public func preferred(among offers: [String]) -> String? {
        var best: (type: String, quality: Double)?
        for offer in offers {
            let quality = quality(of: offer)
            if quality > best?.quality ?? 0 { best = (offer, quality) }
        }
        return best?.type
    }

    // MARK: - Private

    /// RFC 9110 §12.4.2: a number from 0 to 1; anything else counts as absent.
    private static func weight(of type: MediaType) -> Double {
        guard let text = type.parameters["q"] else { return 1 }
        guard let weight = Double(text), (0...1).contains(weight) else { return 1 }
        return weight
    }
}
