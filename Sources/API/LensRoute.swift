import Generation
import HTTPCore
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/logit-lens`: hidden states of a prompt, and of its answer where that is asked for, read as words.
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
        let prompt = try await api.prepare(for: .lens)
        let positions = try lens.positions.resolved(in: prompt.layout, parameter: "lens.positions")
        // Without decode rows there is nothing to decode for.
        var run = try await api.generation(prompt, maxTokens: positions.generated ? api.chat.maxTokens : 0)
        let capture = try await capture(lens, api, prompt, maxTokens: run.maxTokens)
        run.lens = capture
        let study = LensStudy(
            api: api,
            run: run,
            payload: LensPayload(capture: capture, tokenizer: api.resident.model.tokenizer)
        )
        guard api.form != .png else { return try await study.overlay(render) }
        return try await api.answer(on: prompt.layout) { try await study.answer($0) }
    }

    // MARK: - Private

    private static func capture(
        _ lens: LensRequest,
        _ api: APIRequest,
        _ prompt: PreparedPrompt,
        maxTokens: Int
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
            target: target,
            maxTokens: maxTokens
        )
    }
}

/// A run and what is answered of it.
private struct LensStudy: Sendable {
    let api: APIRequest
    let run: GenerationRequest
    let payload: LensPayload

    /// Runs to the end; a stream hears of each layer of the prompt and of each position of the answer as it is read.
    func answer(_ report: APIRequest.Report) async throws -> (fields: [String: JSONValue], arrays: ArrayAnswer) {
        let result = try await api.result(of: run, report, presenting: payload.event)
        guard let record = result.lens else { throw CancellationError() }
        var arrays = ArrayAnswer(api, run)
        var fields: [String: JSONValue] = [
            "layout": run.prompt.layout.payload(generated: result.tokens),
            "lens": try payload.json(record, &arrays),
        ]
        if payload.capture.readsAnswer { fields["text"] = .string(result.text) }
        return (fields, arrays)
    }

    /// The target's probability over its picture.
    func overlay(_ render: RenderRequest) async throws -> ServerResponse {
        guard let record = try await api.result(of: run).lens else { throw CancellationError() }
        let overlay = try Overlay(render, layout: run.prompt.layout, images: api.images)
        return try await overlay.answer(payload.map(record, render, of: overlay.placement))
    }
}
