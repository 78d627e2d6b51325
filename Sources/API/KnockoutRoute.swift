import Experiments
import Generation
import HTTPCore
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/knockout`: the answer, and the answers when edges are cut.
enum KnockoutRoute {
    static let fields: [String: KnownFields] = [
        "knockouts": .intervention(named: true), "sweep": SweepReader.fields, "score": .score, "judge": .value,
        "object": .span,
    ]

    static let forms: [AnswerForm] = [.json, .npz]

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, forms: forms)
        let variants = try KnockoutVariant.read(api.chat.root, model: api.resident.model)
        let judge = try api.judge()
        let prompt = try await api.prepare(for: .knockout)
        let grading = Grading(
            tokenizer: api.resident.model.tokenizer,
            score: try await ScoreRequest.read(api),
            judge: judge,
            task: nil
        )
        let baseline = try await api.generation(prompt)
        var planned: [PlannedVariant] = []
        for variant in variants {
            let interventions = try await api.resolve(
                variant.interventions,
                paths: variant.paths,
                prompt: prompt,
                beside: baseline.interventions
            )
            planned.append(
                PlannedVariant(name: variant.name, written: variant.written, interventions: interventions)
            )
        }
        let warnings = try KnockoutVariant.sweep(api.chat.root, model: api.resident.model)?.warnings ?? []
        let study = StudyAnswer(api: api, baseline: baseline, variants: planned, grading: grading, warnings: warnings)
        return try await study.response()
    }
}

extension KnownFields {
    /// What is scored at the first answer position.
    static let score: KnownFields = ["targets": .value, "top_k": .value]
}

extension ScoreRequest {
    /// Reads `score`; a target is scored by its first token as it would continue the prompt.
    static func read(_ api: APIRequest) async throws -> ScoreRequest {
        let field = try api.chat.root.member("score")?.object()
        let topK = try field?.member("top_k")?.integer() ?? 5
        guard (0...1000).contains(topK) else {
            throw ProbeError.invalid("score.top_k", "is \(topK); it must lie in 0…1000")
        }
        let words = try field?.member("targets")?.elements() ?? []
        guard words.count <= 1000 else {
            throw ProbeError.invalid("score.targets", "holds \(words.count) words; at most 1000 are scored")
        }
        let texts = try words.map { try $0.string() }
        let ids = try await api.firstTokens(texts, paths: words.map(\.path))
        return ScoreRequest(targets: zip(texts, ids).map { (text: $0, id: $1) }, topK: topK)
    }
}
