import Foundation
import Probing

/// Draws tokens: temperature, then top-k, top-p and min-p, in the order of transformers' logits warpers.
struct Sampler {
    private let parameters: SamplingParameters
    private var generator: SplitMix64

    init(_ parameters: SamplingParameters) {
        self.parameters = parameters
        generator = SplitMix64(seed: parameters.seed ?? UInt64.random(in: .min ... .max))
    }

    mutating func draw(from distribution: TokenDistribution) -> Int {
        guard parameters.temperature > 0 else { return distribution.argmax }
        let candidates = filtered(distribution)
        let total = candidates.reduce(0) { $0 + $1.weight }
        var remaining = generator.uniform() * total
        for candidate in candidates {
            remaining -= candidate.weight
            if remaining < 0 { return candidate.id }
        }
        return candidates.last?.id ?? distribution.argmax
    }

    // MARK: - Private

    /// Share of the likeliest token's weight below which a token is never drawn: a vocabulary of such would add up to
    /// less than one draw in ten million.
    private static let negligible = 1e-13

    private typealias Candidate = (id: Int, weight: Double)

    /// Candidates with weights relative to the likeliest one's, which is 1.
    private func filtered(_ distribution: TokenDistribution) -> [Candidate] {
        let best = Double(distribution.logProbabilities[distribution.argmax])
        func weight(_ logProbability: Double) -> Double { exp((logProbability - best) / parameters.temperature) }
        var candidates: [Candidate]
        if parameters.topK > 0 {
            candidates = distribution.top(parameters.topK).map { ($0.id, weight($0.logProbability)) }
        } else {
            candidates = distribution.logProbabilities.enumerated().map { ($0, weight(Double($1))) }
        }
        candidates.removeAll { $0.weight <= Self.negligible }
        if parameters.topP < 1 { candidates = nucleus(candidates) }
        if parameters.minP > 0 { candidates.removeAll { $0.weight < parameters.minP } }
        return candidates
    }

    /// The fewest likeliest candidates that hold `topP` of the weight, best first; never none.
    ///
    /// Sorting a vocabulary costs more than its softmax, and a nucleus is mostly a few tokens: the heaviest are sorted
    /// alone unless they do not suffice.
    private func nucleus(_ candidates: [Candidate]) -> [Candidate] {
        let wanted = parameters.topP * candidates.reduce(0) { $0 + $1.weight }
        for least in [0.1, 1e-3, 1e-6, 0] {
            let heaviest = candidates.filter { $0.weight >= least }.sorted { ($0.weight, $1.id) > ($1.weight, $0.id) }
            var sum = 0.0
            for (index, candidate) in heaviest.enumerated() {
                sum += candidate.weight
                if sum >= wanted { return Array(heaviest[...index]) }
            }
        }
        return candidates
    }
}
