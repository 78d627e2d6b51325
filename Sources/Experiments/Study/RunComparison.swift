import Foundation
public import Generation
import Probing

/// How a run differs from its baseline.
public struct RunComparison: Sendable {
    /// Tokens that both answers begin with.
    public let commonPrefix: Int
    /// Whether another token is now the likeliest first one.
    public let isFirstTokenChanged: Bool
    /// Change of each target's natural-log probability as the first token.
    public let deltaLogProbability: [Double]
    /// Change of each target's probability as the first token.
    public let deltaProbability: [Double]
    /// Change of each target's logit at the first token.
    public let deltaLogit: [Double]
    /// KL(baseline ‖ run) of the first token's distributions, in nats.
    public let divergence: Double

    /// Compares a run with its baseline at the first answer token.
    ///
    /// - Parameter targets: ids whose probabilities are compared; the baseline's own first token where there are none.
    public init(_ run: GenerationResult, with baseline: GenerationResult, targets: [Int] = []) {
        let first = baseline.next.argmax
        let targets = targets.isEmpty ? [first] : targets
        commonPrefix = zip(run.tokens, baseline.tokens).prefix { $0.id == $1.id }.count
        isFirstTokenChanged = run.next.argmax != first
        deltaLogProbability = targets.map { run.next[$0].logProbability - baseline.next[$0].logProbability }
        deltaProbability = targets.map {
            exp(run.next[$0].logProbability) - exp(baseline.next[$0].logProbability)
        }
        deltaLogit = targets.map { run.next.logit($0) - baseline.next.logit($0) }
        divergence = baseline.next.divergence(from: run.next)
    }

    /// Relative change of each target's probability, p / p₀ − 1: −1 where it vanished.
    public var relativeChange: [Double] { deltaLogProbability.map(expm1) }
}
