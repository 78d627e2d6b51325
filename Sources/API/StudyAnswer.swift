import Experiments
import Generation
import HTTPCore
import JSON
import Models
import Probing
import WebServer

/// A variant of a study as it was asked for, with its spans, layers and heads resolved.
struct PlannedVariant {
    let name: String
    /// Its interventions as one would write them.
    let written: JSONValue
    /// What it changes beyond the baseline.
    let interventions: ResolvedInterventions
    /// The tokens that it ablates; `nil` if it is about something else.
    var positions: [Int]?
}

/// A study of one prompt and how the API shows it: `/v1/knockout` and `/v1/ablation`.
struct StudyAnswer {
    let api: APIRequest
    let baseline: GenerationRequest
    let variants: [PlannedVariant]
    let grading: Grading
    /// What the client should know beside the answer.
    var warnings: [String]

    /// Runs the study and answers as JSON or, if the body asks for it, as events.
    func response() async throws -> ServerResponse {
        var plan = api.plan(baseline.prompt, maxTokens: baseline.maxTokens)
        plan.variants = variants.map { api.variant(of: plan.baseline, changing: $0.interventions) }
        try await api.check(plan)
        guard api.chat.streams else {
            return .json(JSONValue.object(try await run { _, _ in }).serialized())
        }
        return api.events { writer in
            try await writer.write(event: ["type": "meta", "layout": baseline.prompt.layout.payload()])
            var result = try await run { type, fields in
                try await writer.write(event: .object(fields.merging(["type": .string(type)]) { first, _ in first }))
            }
            result["type"] = "result"
            try await writer.write(event: .object(result))
        }
    }

    // MARK: - Private

    /// Runs everything; `report` hears of the baseline and of each variant as it ends.
    private func run(
        _ report: (_ type: String, _ fields: [String: JSONValue]) async throws -> Void
    ) async throws -> [String: JSONValue] {
        let study = InterventionStudy(
            engine: api.resident.engine,
            baseline: baseline,
            variants: variants.map { StudyVariant(name: $0.name, interventions: $0.interventions) }
        )
        var payloads = [JSONValue](repeating: nil, count: variants.count)
        var baselinePayload: JSONValue = nil
        let outcome = try await study.run { event in
            switch event {
            case .baseline(let reference):
                baselinePayload = grading.payload(reference)
                try await report("progress", ["baseline": baselinePayload, "variants": .integer(variants.count)])
            case .variant(let index, let result, let reference):
                payloads[index] = try await payload(variants[index], result, reference)
                try await report("variant", ["index": .integer(index), "variant": payloads[index]])
            }
        }
        var fields: [String: JSONValue] = [
            "layout": baseline.prompt.layout.payload(generated: outcome.baseline.tokens),
            "baseline": baselinePayload,
            "variants": .array(payloads),
            "cost": [
                "shared_prefix_tokens": .integer(outcome.cost.sharedPrefixTokens),
                "rows": .integer(outcome.cost.rows),
                "seconds": .number(outcome.cost.seconds),
            ],
        ]
        if let rate = grading.flipRate(outcome.variants, baseline: outcome.baseline) { fields["flip_rate"] = rate }
        fields.add(warnings: api.chat.warnings + warnings)
        return fields
    }

    private func payload(
        _ variant: PlannedVariant,
        _ result: GenerationResult,
        _ reference: GenerationResult
    ) async throws -> JSONValue {
        var fields: [String: JSONValue] = [
            "name": .string(variant.name),
            "layers": .array(variant.interventions.layers.map { .integer($0) }),
            "interventions": variant.written,
            "resolved": variant.interventions.payload,
            "run": grading.payload(result),
            "compare": try await grading.compare(result, with: reference),
        ]
        if let positions = variant.positions { fields["positions"] = .array(positions.map { .integer($0) }) }
        return .object(fields)
    }
}
