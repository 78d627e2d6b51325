/// Steele, Lea and Flood's SplitMix64: a small generator. Its draws are the same on every machine and with every
/// compiler, so they are made here and not by the standard library, which promises no such thing.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 uniform bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A uniform number in `0..<1` with 53 random bits.
    public mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// `count` different elements in random order (Fisher and Yates).
    public mutating func draw<Element>(_ count: Int, from elements: [Element]) -> [Element] {
        var pool = elements
        for index in 0..<min(count, pool.count) {
            pool.swapAt(index, index + Int(next() % UInt64(pool.count - index)))
        }
        return Array(pool.prefix(count))
    }
}
