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

    /// Runs the study and answers in the form that was asked for or, if the body wants a stream, as events.
    func response() async throws -> ServerResponse {
        try await api.answer(on: baseline.prompt.layout) { try await run($0) }
    }

    // MARK: - Private

    /// Runs everything; `report` hears of the baseline and of each variant as it ends.
    private func run(
        _ report: APIRequest.Report
    ) async throws -> (fields: [String: JSONValue], arrays: ArrayAnswer) {
        let study = InterventionStudy(
            engine: api.resident.engine,
            baseline: baseline,
            variants: variants.map { StudyVariant(name: $0.name, interventions: $0.interventions) }
        )
        var payloads = [JSONValue](repeating: nil, count: variants.count)
        var comparisons = [GradedComparison?](repeating: nil, count: variants.count)
        var baselinePayload: JSONValue = nil
        let outcome = try await study.run { event in
            switch event {
            case .baseline(let reference):
                baselinePayload = grading.payload(reference)
                try await report([
                    "type": "progress", "baseline": baselinePayload, "variants": .integer(variants.count),
                ])
            case .variant(let index, let result, let reference):
                let graded = try await grading.compare(result, with: reference)
                comparisons[index] = graded
                payloads[index] = payload(variants[index], result, graded)
                try await report(["type": "variant", "index": .integer(index), "variant": payloads[index]])
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
        var arrays = ArrayAnswer(api, baseline)
        arrays.warn(warnings + ineffective)
        if arrays.gathersNumbers {
            let scores = StudyScores(
                baseline: outcome.baseline,
                variants: zip(outcome.variants, comparisons).compactMap { run, graded in graded.map { (run, $0) } },
                targets: grading.targets(outcome.baseline),
                topK: grading.score.topK
            )
            fields["scores"] = try scores.json(&arrays)
        }
        return (fields, arrays)
    }

    /// The variants of which a part changes nothing, those with one reason together.
    private var ineffective: [String] {
        var reasons: [String] = []
        var names: [String: [String]] = [:]
        for variant in variants {
            for reason in variant.interventions.warnings {
                if names[reason] == nil { reasons.append(reason) }
                names[reason, default: []].append(variant.name)
            }
        }
        return reasons.prefix(32).map { reason in
            let alike = names[reason] ?? []
            let others = alike.count > 1 ? " and \(alike.count - 1) more" : ""
            return "variant \"\(alike[0])\"\(others): \(reason)"
        }
    }

    private func payload(
        _ variant: PlannedVariant,
        _ result: GenerationResult,
        _ graded: GradedComparison
    ) -> JSONValue {
        var fields: [String: JSONValue] = [
            "name": .string(variant.name),
            "layers": .array(variant.interventions.layers.map { .integer($0) }),
            "interventions": variant.written,
            "resolved": variant.interventions.payload,
            "run": grading.payload(result),
            "compare": graded.payload,
        ]
        if let positions = variant.positions { fields["positions"] = .array(positions.map { .integer($0) }) }
        return .object(fields)
    }
}
