import Generation
import HTTPCore
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/logit-lens`: hidden states of a prompt read as words.
enum LensRoute {
    static let fields: [String: KnownFields] = [
        "lens": [
            "positions": .span, "layers": .layers, "top_k": .value, "norm": .value, "vocabulary": .value,
            "target": .value,
        ],
        "render": RenderRequest.fields,
    ]

    static let forms = AnswerForm.allCases

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, forms: forms)
        let lens = try LensRequest(api.chat.root.member("lens"))
        let render = try RenderRequest(api.chat.root.member("render"))
        if api.form == .png, lens.target == nil {
            throw ProbeError.unsupported("lens.target", "is missing; a picture shows the probability of one word")
        }
        let prompt = try await api.prepare()
        let capture = try await capture(lens, api, prompt)
        var generation = try await api.generation(prompt, maxTokens: 0)
        generation.lens = capture
        let payload = LensPayload(capture: capture, tokenizer: api.resident.model.tokenizer)
        if api.chat.streams { return stream(generation, payload, api) }
        guard let record = await api.resident.engine.result(of: generation)?.lens else { throw CancellationError() }
        if api.form == .png {
            let overlay = try Overlay(render, layout: prompt.layout, images: api.images)
            return try await overlay.answer(payload.map(record, render, of: overlay.placement))
        }
        var arrays = ArrayAnswer(api, generation)
        let json = try payload.json(record, &arrays)
        return arrays.response(["layout": prompt.layout.payload(), "lens": json])
    }

    // MARK: - Private

    private static func capture(
        _ lens: LensRequest,
        _ api: APIRequest,
        _ prompt: PreparedPrompt
    ) async throws -> LensCapture {
        let vocabulary = lens.vocabulary ?? []
        guard vocabulary.count <= 1000 else {
            throw ProbeError.invalid("lens.vocabulary", "holds \(vocabulary.count) words; at most 1000 are taken")
        }
        let candidates = try await api.firstTokens(vocabulary, paths: vocabulary.map { _ in "lens.vocabulary" })
        let target = try await api.firstTokens([lens.target].compactMap { $0 }, paths: ["lens.target"]).first
        return try LensCapture(
            lens,
            layout: prompt.layout,
            decoder: api.resident.model.decoder,
            candidates: lens.vocabulary == nil ? nil : candidates,
            target: target
        )
    }

    /// Each layer as soon as it is read, then the whole.
    private static func stream(_ run: GenerationRequest, _ payload: LensPayload, _ api: APIRequest) -> ServerResponse {
        api.events { writer in
            let layout = run.prompt.layout.payload()
            try await writer.write(event: ["type": "meta", "layout": layout])
            let (layers, continuation) = AsyncStream.makeStream(of: (index: Int, record: LensRecord).self)
            var run = run
            run.lens?.onLayer = { continuation.yield(($0, $1)) }
            let generation = run
            async let result = finished(generation, api.resident.engine, continuation)
            for await (index, record) in layers {
                try await writer.write(event: payload.event(index, record))
            }
            guard let record = await result?.lens else { throw CancellationError() }
            var arrays = ArrayAnswer(api, generation)
            let json = try payload.json(record, &arrays)
            try await writer.write(
                event: .object(arrays.complete(["type": "result", "layout": layout, "lens": json]))
            )
        }
    }

    private static func finished(
        _ run: GenerationRequest,
        _ engine: InferenceEngine,
        _ layers: AsyncStream<(index: Int, record: LensRecord)>.Continuation
    ) async -> GenerationResult? {
        defer { layers.finish() }
        return await engine.result(of: run)
    }
}
