internal import Synchronization
public import Tensors

/// Weights drawn from a seed, one tensor at a time and only when asked for: a model of any size can be packed without
/// ever being whole in memory. A tensor is the same whenever it is asked for.
///
/// Matrices keep the variance of what passes through them, norms are near 1 and biases near 0, so activations are as
/// large as a trained model's and no arithmetic is cheaper than it would be there.
public final class RandomWeights: WeightSource {
    private let seed: UInt64
    private let drawn = Mutex(CheckpointTotals())

    /// Weights of one seed.
    public init(seed: UInt64 = 1) {
        self.seed = seed
    }

    /// What messages call it.
    public var location: String { "random weights" }

    /// Sums over the tensors drawn so far.
    public var totals: CheckpointTotals { drawn.withLock { $0 } }

    /// Every name is there.
    public func contains(_ name: String) -> Bool { true }

    /// Every name is there.
    public func contains(prefix: String) -> Bool { true }

    /// Draws the tensor.
    public func tensor(_ name: String, shape: [Int]) -> StoredTensor {
        drawn.withLock { $0.add(type: "BF16", elements: shape.reduce(1, *), bytes: shape.reduce(2, *)) }
        let seed = name.utf8.reduce(seed ^ 0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let isMatrix = shape.count > 1
        let rowLength = isMatrix ? shape[1...].reduce(1, *) : 1
        let isScale = !isMatrix && name.hasSuffix(".weight")
        return .random(
            name: name,
            shape: shape,
            center: isScale ? 1 : 0,
            // An even draw of ±√(3 / n) has variance 1 / n.
            spread: isMatrix ? (3 / Float(max(rowLength, 1))).squareRoot() : 0.1,
            seed: seed
        )
    }

    /// What was asked for, else bf16, as which the tensors are drawn.
    public func format(_ wanted: WeightFormat?) -> WeightFormat { wanted ?? .bf16 }

    /// None: nothing is there that was not asked for.
    public func unused() -> [String] { [] }
}
