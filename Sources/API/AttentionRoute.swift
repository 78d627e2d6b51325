import Generation
import HTTPCore
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/attention`: an answer and where each of its tokens looked.
enum AttentionRoute {
    static let fields: [String: KnownFields] = [
        "attention": [
            "rows": .span, "layers": .layers, "heads": .value, "columns": .value, "normalize": .value,
            "exclude_sinks": .value, "rollout": .value,
        ]
    ]

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields)
        let attention = try api.chat.root.member("attention").map(AttentionRequest.init) ?? AttentionRequest()
        let prompt = try await api.prepare()
        var generation = try await api.generation(prompt)
        let capture = try AttentionCapture(
            attention,
            layout: prompt.layout,
            shape: api.resident.model.probeShape,
            maxTokens: generation.maxTokens
        )
        generation.capture = capture
        let engine = api.resident.engine
        let answer = AttentionAnswer(chat: api.chat, attention: attention, capture: capture, layout: prompt.layout)
        guard api.chat.streams else {
            guard let result = await engine.result(of: generation) else { throw CancellationError() }
            return .json(JSONValue.object(answer.fields(result)).serialized())
        }
        let run = generation
        return api.events { writer in
            try await writer.write(event: ["type": "meta", "layout": prompt.layout.payload()])
            var isFinished = false
            for await event in engine.generate(run) {
                switch event {
                case .token(let token, let text):
                    try await writer.write(event: [
                        "type": "token", "id": .integer(token.id), "text": .string(text),
                        "logprob": .number(token.logProbability),
                    ])
                case .finished(let result, _):
                    isFinished = true
                    var fields = answer.fields(result)
                    fields["type"] = "result"
                    try await writer.write(event: .object(fields))
                }
            }
            guard isFinished else { throw CancellationError() }
        }
    }
}

/// What a finished run answers.
private struct AttentionAnswer {
    let chat: ChatBody
    let attention: AttentionRequest
    let capture: AttentionCapture
    let layout: PromptLayout

    func fields(_ result: GenerationResult) -> [String: JSONValue] {
        var warnings = chat.warnings
        let payload = AttentionPayload(result, request: attention, capture: capture, layout: layout)
        var fields: [String: JSONValue] = [
            "text": .string(result.text),
            "tokens": result.tokenPayload,
            "finish_reason": .string(result.finishReason.rawValue),
            "layout": layout.payload(generated: result.tokens),
            "attention": payload.json(chat.encoding, warnings: &warnings),
            "usage": CompletionPayload.usage(result, promptTokens: layout.length),
            "timings": CompletionPayload.timings(result, promptTokens: layout.length),
        ]
        fields.add(warnings: warnings)
        return fields
    }
}
