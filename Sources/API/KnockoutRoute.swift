import Generation
import HTTPCore
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/knockout`: the answer, and the answers when edges are cut.
enum KnockoutRoute {
    private static let fields: [String: KnownFields] = [
        "knockouts": .knockout,
        "sweep": ["knockouts": .knockout, "layers": .layers, "preset": .value],
        "score": ["targets": .value, "top_k": .value],
        "judge": .value,
        "object": .span,
    ]

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields)
        let study = try await study(api)
        let warnings = api.chat.warnings
        guard api.chat.streams else {
            var result = try await study.run { _, _ in }
            result.add(warnings: warnings)
            return .json(JSONValue.object(result).serialized())
        }
        return api.events { writer in
            try await writer.write(event: ["type": "meta", "layout": study.baseline.prompt.layout.payload()])
            var result = try await study.run { type, fields in
                try await writer.write(event: .object(fields.merging(["type": .string(type)]) { first, _ in first }))
            }
            result.add(warnings: warnings)
            result["type"] = "result"
            try await writer.write(event: .object(result))
        }
    }

    // MARK: - Private

    /// The runs that a request asks for, every span and layer resolved.
    private static func study(_ api: APIRequest) async throws -> KnockoutStudy {
        let variants = try KnockoutVariant.read(api.chat.root, layers: api.resident.model.probeShape.layers)
        try checkJudge(api.chat.root.member("judge"))
        let prompt = try await api.prepare()
        let score = try await ScoreRequest.read(api)
        var planned: [PlannedVariant] = []
        for variant in variants {
            let interventions = try await api.resolve(variant.interventions, paths: variant.paths, prompt: prompt)
            planned.append(PlannedVariant(variant: variant, interventions: interventions))
        }
        return KnockoutStudy(
            resident: api.resident,
            baseline: try await api.generation(prompt),
            variants: planned,
            score: score
        )
    }

    private static func checkJudge(_ field: ProbeField?) throws {
        guard let field else { return }
        let name = try field.string()
        guard ["none", "lexical", "external"].contains(name) else {
            throw ProbeError.invalid(field.path, "is \"\(name)\"; judges are none, lexical and external")
        }
        guard name == "none" else {
            throw ProbeError.unsupported(field.path, "\"\(name)\" is not supported by this version; use \"none\"")
        }
    }
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
