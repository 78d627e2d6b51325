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
            "exclude_sinks": ["tau": .value, "dimensions": .value], "rollout": .value,
        ],
        "render": RenderRequest.fields,
    ]

    static let forms = AnswerForm.allCases

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, forms: forms)
        let attention = try api.chat.root.member("attention").map(AttentionRequest.init) ?? AttentionRequest()
        let render = try RenderRequest(api.chat.root.member("render"))
        if api.form == .png, attention.columns != .image {
            throw ProbeError.unsupported("attention.columns", "must be \"image\" for a picture of the map")
        }
        let prompt = try await api.prepare()
        var generation = try await api.generation(prompt)
        let capture = try generation.record(attention, shape: api.resident.model.probeShape)
        try api.resident.engine.checkMemory(for: generation)
        let engine = api.resident.engine
        let answer = AttentionAnswer(api: api, run: generation, attention: attention, capture: capture)
        guard api.chat.streams else {
            guard let result = await engine.result(of: generation) else { throw CancellationError() }
            guard api.form == .png else { return try answer.response(result) }
            return try await answer.overlay(result, render)
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
                    try await writer.write(event: .object(answer.event(result)))
                }
            }
            guard isFinished else { throw CancellationError() }
        }
    }
}

/// What a finished run answers.
private struct AttentionAnswer {
    let api: APIRequest
    let run: GenerationRequest
    let attention: AttentionRequest
    let capture: AttentionCapture
    var layout: PromptLayout { run.prompt.layout }

    /// The answer as one piece.
    func response(_ result: GenerationResult) throws -> ServerResponse {
        var arrays = ArrayAnswer(api, run)
        let fields = try self.fields(result, &arrays)
        return arrays.response(fields)
    }

    /// The answer as the last event of a stream.
    func event(_ result: GenerationResult) throws -> [String: JSONValue] {
        var arrays = ArrayAnswer(api, run)
        let fields = try self.fields(result, &arrays)
        return arrays.complete(fields).merging(["type": "result"]) { $1 }
    }

    /// One map over its picture.
    func overlay(_ result: GenerationResult, _ render: RenderRequest) async throws -> ServerResponse {
        let overlay = try Overlay(render, layout: layout, images: api.images)
        let payload = AttentionPayload(result, request: attention, capture: capture, layout: layout)
        return try await overlay.answer(try payload.values(render, of: overlay.placement))
    }

    // MARK: - Private

    private func fields(_ result: GenerationResult, _ arrays: inout ArrayAnswer) throws -> [String: JSONValue] {
        arrays.warn([capture.sinks?.warning].compactMap { $0 })
        let payload = AttentionPayload(result, request: attention, capture: capture, layout: layout)
        return [
            "text": .string(result.text),
            "tokens": result.tokenPayload,
            "finish_reason": .string(result.finishReason.rawValue),
            "layout": layout.payload(generated: result.tokens),
            "attention": try payload.json(&arrays),
            "usage": CompletionPayload.usage(result, promptTokens: layout.length),
            "timings": CompletionPayload.timings(result, promptTokens: layout.length),
        ]
    }
}
