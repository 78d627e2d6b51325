internal import CKernels

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
        let (kernels, scale) = (ck_best().pointee, 1 / Float(heads))
        return reduced {
            kernels.add($1, keys, $0)
        } finish: { sum in
            for key in 0..<keys { sum[key] *= scale }
        }
    }

    /// The maximum over heads, key by key, `[keys]`.
    public func maximum() -> [Float] {
        reduced { most, next in
            for key in 0..<keys { most[key] = next[key] > most[key] ? next[key] : most[key] }
        }
    }

    /// Folds the heads' rows into a copy of the first.
    private func reduced(
        _ combine: (UnsafeMutablePointer<Float>, UnsafePointer<Float>) -> Void,
        finish: (UnsafeMutablePointer<Float>) -> Void = { _ in }
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: keys) { buffer, count in
            count = keys
            guard let first = values.baseAddress, let result = buffer.baseAddress else { return }
            result.update(from: first, count: keys)
            for head in 1..<max(heads, 1) { combine(result, first + head * keys) }
            finish(result)
        }
    }
}
