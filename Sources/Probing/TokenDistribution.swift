import Foundation
import Tensors

/// A token and its natural-log probability.
public struct TokenScore: Sendable, Equatable {
    /// The vocabulary id.
    public let id: Int
    /// Natural logarithm of its probability, before temperature and filters.
    public let logProbability: Double

    /// The probability.
    public var probability: Float { Float(exp(logProbability)) }
}

/// The model's next-token distribution, before temperature and filters.
public struct TokenDistribution: Sendable {
    /// Natural-log probabilities by id.
    public private(set) var logProbabilities: [Float]
    /// The natural logarithm of the sum of all exponentiated logits: what the softmax took off each of them.
    public private(set) var logNormalizer: Double

    /// The softmax of `logits`, its sum accumulated in f64.
    public init(logits: [Float]) {
        (logProbabilities, logNormalizer) = ([], 0)
        logits.withUnsafeBufferPointer { update(logits: $0) }
    }

    /// The same in the place of an earlier distribution.
    public mutating func update(logits: UnsafeBufferPointer<Float>) {
        if logProbabilities.count != logits.count {
            logProbabilities = [Float](repeating: 0, count: logits.count)
        }
        logNormalizer = logProbabilities.withUnsafeMutableBufferPointer { LogSoftmax.write(logits, to: $0) }
    }

    /// The likeliest id; of equals the lowest.
    public var argmax: Int {
        logProbabilities.withUnsafeBufferPointer { values in
            var (best, largest) = (0, -Float.infinity)
            for (id, value) in values.enumerated() where value > largest { (best, largest) = (id, value) }
            return best
        }
    }

    /// The score of one id.
    public subscript(id: Int) -> TokenScore {
        TokenScore(id: id, logProbability: Double(logProbabilities[id]))
    }

    /// The logit of one id, to the precision of its log-probability.
    public func logit(_ id: Int) -> Double { Double(logProbabilities[id]) + logNormalizer }

    /// The `count` likeliest, best first; of equals the lowest id first.
    public func top(_ count: Int) -> [TokenScore] {
        guard count > 0 else { return [] }
        var best: [Int] = []
        for (id, value) in logProbabilities.enumerated() {
            if best.count == count, value <= logProbabilities[best[count - 1]] { continue }
            var place = best.count
            while place > 0, logProbabilities[best[place - 1]] < value { place -= 1 }
            best.insert(id, at: place)
            if best.count > count { best.removeLast() }
        }
        return best.map { self[$0] }
    }

    /// The `count` likeliest of some ids, best first; of equals the lowest id first.
    public func top(_ count: Int, among ids: [Int]) -> [TokenScore] {
        let sorted = ids.sorted { (logProbabilities[$0], $1) > (logProbabilities[$1], $0) }
        return sorted.prefix(count).map { self[$0] }
    }

    /// KL(self ‖ other) in nats.
    public func divergence(from other: TokenDistribution) -> Double {
        var sum = 0.0
        for (mine, theirs) in zip(logProbabilities, other.logProbabilities) where mine > -.infinity {
            sum += exp(Double(mine)) * Double(mine - theirs)
        }
        return max(0, sum)
    }
}
