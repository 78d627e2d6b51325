/// One row of attention, `[heads][keys]`, lent to a probe for the time of a call.
public struct AttentionPattern {
    /// Query heads.
    public let heads: Int
    /// Keys that the row sees.
    public let keys: Int
    private let values: UnsafeBufferPointer<Float>

    init(_ values: UnsafeBufferPointer<Float>, heads: Int, keys: Int) {
        self.values = values
        self.heads = heads
        self.keys = keys
    }

    /// One head's probabilities, `[keys]`.
    public func head(_ head: Int) -> [Float] {
        Array(values[head * keys..<(head + 1) * keys])
    }

    /// The mean over heads, `[keys]`, added in the order of heads.
    public func mean() -> [Float] {
        let scale = 1 / Float(heads)
        return reduced { $0 + $1 }.map { $0 * scale }
    }

    /// The maximum over heads, key by key, `[keys]`.
    public func maximum() -> [Float] {
        reduced(Swift.max)
    }

    private func reduced(_ combine: (Float, Float) -> Float) -> [Float] {
        var result = head(0)
        for head in 1..<max(heads, 1) {
            for key in 0..<keys { result[key] = combine(result[key], values[head * keys + key]) }
        }
        return result
    }
}
