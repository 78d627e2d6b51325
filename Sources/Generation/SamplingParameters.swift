/// How the next token is chosen.
public struct SamplingParameters: Sendable, Equatable {
    /// 0 is greedy; otherwise logits are divided by it.
    public var temperature: Double = 0
    /// Keep the k likeliest tokens; 0 keeps all.
    public var topK = 0
    /// Keep the likeliest tokens that together reach this probability.
    public var topP: Double = 1
    /// Drop tokens below this share of the likeliest one's probability.
    public var minP: Double = 0
    /// Seed of the draw; `nil` draws a fresh one.
    public var seed: UInt64?

    /// Greedy decoding.
    public init() {}
}
