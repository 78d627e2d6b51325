import Foundation
import Probing
import Testing

@Suite struct TokenDistributionTests {
    @Test func logProbabilitiesAreTheSoftmax() {
        let distribution = TokenDistribution(logits: [1, 2, 4].map { (weight: Double) in Float(log(weight)) })
        for (value, expected) in zip(distribution.logProbabilities, [1.0 / 7, 2.0 / 7, 4.0 / 7]) {
            #expect(abs(exp(Double(value)) - expected) < 1e-6)
        }
        #expect(abs(distribution[2].probability - 4.0 / 7) < 1e-6)
    }

    @Test func largeLogitsDoNotOverflow() {
        let distribution = TokenDistribution(logits: [3e38, 3e38, -3e38])
        #expect(abs(distribution[0].logProbability - log(0.5)) < 1e-6)
        #expect(distribution[2].probability == 0)
    }

    @Test func theTopIsSortedAndTiesGoToTheLowestId() {
        let distribution = TokenDistribution(logits: [1, 5, 3, 5, 2, 3])
        #expect(distribution.argmax == 1)
        #expect(distribution.top(4).map(\.id) == [1, 3, 2, 5])
        #expect(distribution.top(0).isEmpty)
        #expect(distribution.top(-1).isEmpty)
        #expect(distribution.top(99).map(\.id) == [1, 3, 2, 5, 4, 0])
    }

    /// Against a full sort, over many distributions with ties.
    @Test func theTopEqualsASort() {
        var generator = SplitMix64(seed: 4)
        for _ in 0..<200 {
            let logits = (0..<40).map { _ in Float(Int.random(in: 0..<12, using: &generator)) }
            let distribution = TokenDistribution(logits: logits)
            let sorted = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
            for count in [1, 3, 10, 40, 50] {
                #expect(distribution.top(count).map(\.id) == Array(sorted.prefix(count)))
            }
            #expect(distribution.argmax == sorted[0])
        }
    }

    @Test func topAmongSomeIdsIsSortedWithTiesToTheLowest() {
        let distribution = TokenDistribution(logits: [1, 5, 3, 5, 2, 3])
        #expect(distribution.top(3, among: [5, 0, 3, 2]).map(\.id) == [3, 2, 5])
    }

    @Test func divergenceIsZeroOnlyFromItselfAndByHandElsewhere() {
        let first = TokenDistribution(logits: [0.5, 0.25, 0.25].map { Float(log($0)) })
        let second = TokenDistribution(logits: [0.25, 0.5, 0.25].map { Float(log($0)) })
        #expect(first.divergence(from: first) == 0)
        #expect(abs(first.divergence(from: second) - (0.5 * log(2) - 0.25 * log(2))) < 1e-6)
        let impossible = TokenDistribution(logits: [0, -.infinity, 0])
        #expect(first.divergence(from: impossible) == .infinity)
        #expect(impossible.divergence(from: first).isFinite)
    }
}
