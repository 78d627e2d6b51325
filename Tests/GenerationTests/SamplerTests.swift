import Foundation
import Probing
import Testing

@testable import Generation

@Suite struct SamplerTests {
    /// Probabilities 1/2, 1/4, 1/8, 1/8, out of order.
    private let distribution = TokenDistribution(logits: [0.25, 0.125, 0.5, 0.125].map { Float(log($0 as Double)) })

    @Test func noTemperatureTakesTheLikeliest() {
        for seed in 0..<20 { #expect(frequencies(SamplingParameters(), draws: 1, seed: UInt64(seed)) == [0, 0, 1, 0]) }
    }

    @Test func ofEqualsTheLowestIdIsTaken() {
        let flat = TokenDistribution(logits: [1, 3, 3, 0, 3])
        var sampler = Sampler(SamplingParameters())
        #expect(sampler.draw(from: flat) == 1)
    }

    /// Expected shares, by hand.
    @Test(
        arguments: [
            // temperature, top-k, top-p, min-p, shares
            (1.0, 0, 1.0, 0.0, [0.25, 0.125, 0.5, 0.125]),
            (0.5, 0, 1.0, 0.0, [0.181818, 0.045455, 0.727272, 0.045455]),
            (2.0, 1, 1.0, 0.0, [0, 0, 1, 0]),
            (1.0, 2, 1.0, 0.0, [0.333333, 0, 0.666667, 0]),
            (1.0, 3, 1.0, 0.0, [0.285714, 0.142857, 0.571429, 0]),
            (1.0, 99, 1.0, 0.0, [0.25, 0.125, 0.5, 0.125]),
            (1.0, 0, 0.4, 0.0, [0, 0, 1, 0]),
            (1.0, 0, 0.6, 0.0, [0.333333, 0, 0.666667, 0]),
            (1.0, 0, 0.0, 0.0, [0, 0, 1, 0]),
            (1.0, 0, 1.0, 0.4, [0.333333, 0, 0.666667, 0]),
            (1.0, 0, 1.0, 0.2, [0.25, 0.125, 0.5, 0.125]),
            (1.0, 0, 1.0, 1.0, [0, 0, 1, 0]),
            (1.0, 3, 0.8, 0.3, [0.333333, 0, 0.666667, 0]),
        ] as [(Double, Int, Double, Double, [Double])]
    )
    func sharesFollowTheFilters(temperature: Double, topK: Int, topP: Double, minP: Double, shares: [Double]) {
        var parameters = SamplingParameters()
        parameters.temperature = temperature
        parameters.topK = topK
        parameters.topP = topP
        parameters.minP = minP
        let draws = 20_000
        let found = frequencies(parameters, draws: draws, seed: 7)
        for (frequency, share) in zip(found, shares) {
            // Five standard deviations of a share's estimate.
            #expect(abs(frequency - share) <= 5 * (share * (1 - share) / Double(draws)).squareRoot())
        }
    }

    /// Against a full sort, over wide and flat distributions.
    @Test(arguments: [0.0, 1, 4, 12])
    func theNucleusIsTheHeadOfAFullSort(spread: Double) {
        var generator = SplitMix64(seed: 31)
        for topP in [0.05, 0.5, 0.9, 0.999] {
            let logits = (0..<300).map { _ in Float(spread * generator.uniform()) }
            let distribution = TokenDistribution(logits: logits)
            let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
            var mass = 0.0
            let nucleus = order.prefix { id in
                defer { mass += exp(distribution[id].logProbability) }
                return mass < topP - 1e-5
            }
            var parameters = SamplingParameters()
            parameters.temperature = 1
            parameters.topP = topP
            parameters.seed = 5
            var sampler = Sampler(parameters)
            let drawn = Set((0..<60).map { _ in sampler.draw(from: distribution) })
            #expect(drawn.isSubset(of: order.prefix(nucleus.count + 1)), "top_p \(topP)")
            #expect(drawn.contains(order[0]))
        }
    }

    @Test func aSeedGivesTheSameDrawsAndAnotherSeedOthers() {
        func draws(_ seed: UInt64) -> [Int] {
            var parameters = SamplingParameters()
            parameters.temperature = 1
            parameters.seed = seed
            var sampler = Sampler(parameters)
            return (0..<64).map { _ in sampler.draw(from: distribution) }
        }
        #expect(draws(1) == draws(1))
        #expect(draws(1) != draws(2))
    }

    @Test(arguments: [0, 1e-9, 1, 1e9])
    func logitsThatAreNoNumbersStillGiveAnId(temperature: Double) {
        var parameters = SamplingParameters()
        parameters.temperature = temperature
        parameters.topK = 2
        parameters.topP = 0.5
        parameters.minP = 0.5
        parameters.seed = 1
        for logits: [Float] in [
            [.nan, .nan, .nan], [.infinity, 0, 0], [-.infinity, -.infinity, -.infinity], [0, .nan, 1],
        ] {
            var sampler = Sampler(parameters)
            #expect((0..<3).contains(sampler.draw(from: TokenDistribution(logits: logits))))
        }
    }

    private func frequencies(_ parameters: SamplingParameters, draws: Int, seed: UInt64) -> [Double] {
        var parameters = parameters
        parameters.seed = seed
        var sampler = Sampler(parameters)
        var counts = [Double](repeating: 0, count: 4)
        for _ in 0..<draws { counts[sampler.draw(from: distribution)] += 1 }
        return counts.map { $0 / Double(draws) }
    }
}
