import Generation
import JSON
import Models
import Probing
import Tokenization
import WebServer

/// `POST /v1/logit-lens`: hidden states of a prompt read as words.
enum LensRoute {
    static let fields: [String: KnownFields] = [
        "lens": [
            "positions": .span, "layers": .layers, "top_k": .value, "norm": .value, "vocabulary": .value,
            "target": .value,
        ]
    ]

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields)
        let lens = try LensRequest(api.chat.root.member("lens"))
        let prompt = try await api.prepare()
        let vocabulary = lens.vocabulary ?? []
        guard vocabulary.count <= 1000 else {
            throw ProbeError.invalid("lens.vocabulary", "holds \(vocabulary.count) words; at most 1000 are taken")
        }
        let candidates = try await api.firstTokens(vocabulary, paths: vocabulary.map { _ in "lens.vocabulary" })
        let target = try await api.firstTokens([lens.target].compactMap { $0 }, paths: ["lens.target"]).first
        let capture = try LensCapture(
            lens,
            layout: prompt.layout,
            decoder: api.resident.model.decoder,
            candidates: lens.vocabulary == nil ? nil : candidates,
            target: target
        )
        var generation = try await api.generation(prompt)
        generation.maxTokens = 0
        generation.lens = capture
        guard let result = await api.resident.engine.result(of: generation), let record = result.lens else {
            throw CancellationError()
        }
        var fields: [String: JSONValue] = [
            "layout": prompt.layout.payload(),
            "lens": payload(record, capture, tokenizer: api.resident.model.tokenizer),
        ]
        fields.add(warnings: api.chat.warnings)
        return .json(JSONValue.object(fields).serialized())
    }

    // MARK: - Private

    private static func payload(_ record: LensRecord, _ capture: LensCapture, tokenizer: Tokenizer) -> JSONValue {
        let top = record.top.map { layer -> JSONValue in
            .array(
                layer.map { scores in
                    .array(
                        scores.map { score in
                            [
                                "id": .integer(score.id), "text": .string(tokenizer.text(of: score.id)),
                                "prob": .float(score.probability),
                            ]
                        }
                    )
                }
            )
        }
        let target = record.targetProbability.map { layer -> JSONValue in .array(layer.map { .float($0) }) }
        return [
            "layers": .array(capture.layers.map { .integer($0) }),
            "positions": .array(capture.positions.map { .integer($0) }),
            "top": .array(top),
            "target_prob": target.isEmpty ? nil : .array(target),
        ]
    }
}
