import Probing

/// The ways of asking about a picture that has been described, which P2 compares.
enum RepromptStrategy: String, Sendable, CaseIterable {
    /// Everything of the described prompt.
    case naive
    /// Its text and the twentieth of its image tokens that the description attended to most, layer by layer.
    case textAndTwentieth = "qs 5 %"
    /// The same with a fiftieth.
    case textAndFiftieth = "qs 2 %"
    /// Its text alone.
    case text = "q"
    /// The fiftieth of its image tokens alone.
    case fiftieth = "s 2 %"
    /// A conversation in words: the description stands for the picture.
    case described = "describe, then ask"
    /// No description: the picture and the question in one turn.
    case direct = "asked directly"

    /// What is kept of the described prompt's keys and values; `nil` for prompts of their own. Of few image tokens at least
    /// one is kept.
    func compression(imageTokens: Int) -> CompressionRequest? {
        var request = CompressionRequest()
        func share(_ share: Double) -> TokenAmount { .count(max(1, Int(share * Double(imageTokens)))) }
        switch self {
        case .naive: request.keep = share(1)
        case .textAndTwentieth: request.keep = share(0.05)
        case .textAndFiftieth: request.keep = share(0.02)
        case .text: request.strategy = .text
        case .fiftieth: (request.keep, request.strategy) = (share(0.02), .image)
        case .described, .direct: return nil
        }
        return request
    }
}
