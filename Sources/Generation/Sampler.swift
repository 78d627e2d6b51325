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
    /// less than one draw in ten million, and sorting them costs more than the model's own softmax.
    private static let negligible = 1e-13

    private typealias Candidate = (id: Int, weight: Double)

    /// Candidates with weights relative to the likeliest one's, best first.
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
        candidates.sort { ($0.weight, $1.id) > ($1.weight, $0.id) }
        if parameters.topP < 1 { candidates = nucleus(candidates) }
        if parameters.minP > 0 {
            candidates = candidates.filter { $0.weight >= parameters.minP * candidates[0].weight }
        }
        return candidates
    }

    /// The shortest prefix that holds `topP` of the weight; never empty.
    private func nucleus(_ candidates: [Candidate]) -> [Candidate] {
        let total = candidates.reduce(0) { $0 + $1.weight }
        var sum = 0.0
        for (index, candidate) in candidates.enumerated() {
            sum += candidate.weight
            if sum >= parameters.topP * total { return Array(candidates[...index]) }
        }
        return candidates
    }
}
