import Generation
import JSON
import Models
import Probing

/// A variant whose spans, layers and heads are numbers.
struct PlannedVariant {
    let variant: KnockoutVariant
    /// What the variant changes beyond the baseline.
    let interventions: ResolvedInterventions
}

/// A baseline and its variants, which share what causality lets them share: a variant's states before its first receiver
/// and before its first layer are the baseline's, and all variants run as rows of one batch.
struct KnockoutStudy {
    typealias Report = @Sendable (_ type: String, _ fields: [String: JSONValue]) async throws -> Void

    let resident: ResidentModel
    let baseline: GenerationRequest
    let variants: [PlannedVariant]
    let score: ScoreRequest

    /// Runs everything; `report` hears of the baseline and of each variant as it ends.
    func run(_ report: @escaping Report) async throws -> [String: JSONValue] {
        let start = ContinuousClock.now
        let tokenizer = resident.model.tokenizer
        let layers = resident.model.probeShape.layers
        let kept = baseline.baseline(of: variants.map(\.interventions), layers: layers)
        guard let reference = await resident.engine.result(of: kept), let record = reference.promptRecord else {
            throw CancellationError()
        }
        let length = baseline.prompt.layout.length
        let baselinePayload = reference.payload(score, tokenizer: tokenizer)
        try await report("progress", ["baseline": baselinePayload, "variants": .integer(variants.count)])

        var payloads = [JSONValue](repeating: nil, count: variants.count)
        var shared = 0
        var rows = length + reference.tokens.count
        try await withThrowingTaskGroup(of: (Int, GenerationResult).self) { group in
            for (index, variant) in variants.enumerated() {
                let request = baseline.variant(variant.interventions, of: record, layers: layers)
                group.addTask {
                    guard let result = await resident.engine.result(of: request) else { throw CancellationError() }
                    return (index, result)
                }
            }
            for try await (index, result) in group {
                shared += result.cachedTokens
                rows += length - result.cachedTokens + result.tokens.count
                payloads[index] = payload(variants[index], result, reference)
                try await report("variant", ["index": .integer(index), "variant": payloads[index]])
            }
        }
        return [
            "layout": baseline.prompt.layout.payload(generated: reference.tokens),
            "baseline": baselinePayload,
            "variants": .array(payloads),
            "cost": [
                "shared_prefix_tokens": .integer(shared),
                "rows": .integer(rows),
                "seconds": .number((ContinuousClock.now - start).seconds),
            ],
        ]
    }

    // MARK: - Private

    private func payload(
        _ variant: PlannedVariant,
        _ result: GenerationResult,
        _ reference: GenerationResult
    ) -> JSONValue {
        let tokenizer = resident.model.tokenizer
        return [
            "name": .string(variant.variant.name),
            "layers": .array(variant.interventions.layers.map { .integer($0) }),
            "interventions": variant.variant.written,
            "run": result.payload(score, tokenizer: tokenizer),
            "compare": compare(result, reference),
        ]
    }

    /// How the answer changed. Without targets the baseline's own first token is the one compared.
    private func compare(_ result: GenerationResult, _ reference: GenerationResult) -> JSONValue {
        let best = reference.next.argmax
        let targets =
            score.targets.isEmpty ? [(text: resident.model.tokenizer.text(of: best), id: best)] : score.targets
        var delta: [String: JSONValue] = [:]
        for target in targets {
            delta[target.text] = .number(
                result.next[target.id].logProbability - reference.next[target.id].logProbability
            )
        }
        let prefix = zip(result.tokens, reference.tokens).prefix { $0.id == $1.id }.count
        return [
            "common_prefix": .integer(prefix),
            "first_token_changed": .bool(result.next.argmax != best),
            "delta_logprob": .object(delta),
            "kl_next": .number(reference.next.divergence(from: result.next)),
            "objects": nil,
        ]
    }
}
