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
        return reduced { sum, next in
            for key in sum.indices { sum[key] += next[key] }
        } finish: { sum in
            for key in sum.indices { sum[key] *= scale }
        }
    }

    /// The maximum over heads, key by key, `[keys]`.
    public func maximum() -> [Float] {
        reduced { most, next in
            for key in most.indices { most[key] = next[key] > most[key] ? next[key] : most[key] }
        } finish: { _ in
        }
    }

    /// Folds whole rows: the loops over keys are plain enough to become vector instructions.
    @inline(__always)
    private func reduced(
        _ combine: (UnsafeMutableBufferPointer<Float>, UnsafePointer<Float>) -> Void,
        finish: (UnsafeMutableBufferPointer<Float>) -> Void
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: keys) { buffer, count in
            count = keys
            guard let first = values.baseAddress, let base = buffer.baseAddress else { return }
            let result = UnsafeMutableBufferPointer(start: base, count: keys)
            base.update(from: first, count: keys)
            for head in 1..<max(heads, 1) { combine(result, first + head * keys) }
            finish(result)
        }
    }
}
