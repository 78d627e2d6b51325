import Generation
import HTTPCore
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/attention`: an answer and where each of its tokens looked. `VisionAttentionRoute` answers for the other tower.
enum AttentionRoute {
    static let fields: [String: KnownFields] = [
        "attention": [
            "tower": .value, "rows": .span, "layers": .layers, "heads": .value, "columns": .value, "normalize": .value,
            "exclude_sinks": ["tau": .value, "dimensions": .value], "rollout": .value,
        ],
        "render": RenderRequest.fields,
    ]

    static let forms = AnswerForm.allCases

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, forms: forms)
        let field = api.chat.root.member("attention")
        if let field, try AttentionRequest.tower(field) == .vision {
            return try await VisionAttentionRoute.answer(api, field)
        }
        let attention = try field.map(AttentionRequest.init) ?? AttentionRequest()
        let render = try RenderRequest(api.chat.root.member("render"))
        if api.form == .png, attention.columns != .image {
            throw ProbeError.unsupported("attention.columns", "must be \"image\" for a picture of the map")
        }
        let prompt = try await api.prepare(for: .attention)
        var generation = try await api.generation(prompt)
        let capture = try generation.record(attention, shape: api.resident.model.probeShape)
        let answer = AttentionAnswer(api: api, run: generation, attention: attention, capture: capture)
        guard api.form != .png else { return try await answer.overlay(render) }
        return try await api.answer(on: prompt.layout) { try await answer.produce($0) }
    }
}

/// A run and what is answered of it.
private struct AttentionAnswer: Sendable {
    let api: APIRequest
    let run: GenerationRequest
    let attention: AttentionRequest
    let capture: AttentionCapture
    var layout: PromptLayout { run.prompt.layout }

    /// Runs to the end; a stream's tokens come with the rows that produced them.
    func produce(_ report: APIRequest.Report) async throws -> (fields: [String: JSONValue], arrays: ArrayAnswer) {
        let result = try await api.result(of: run, report, describing: describe)
        var arrays = ArrayAnswer(api, run)
        let fields = try self.fields(result, &arrays)
        return (fields, arrays)
    }

    /// One map over its picture.
    func overlay(_ render: RenderRequest) async throws -> ServerResponse {
        let result = try await api.result(of: run)
        let overlay = try Overlay(render, layout: layout, images: api.images)
        let payload = AttentionPayload(result, request: attention, capture: capture, layout: layout)
        return try await overlay.answer(try payload.values(render, of: overlay.placement))
    }

    // MARK: - Private

    /// One row as a token's event carries it: as in the answer, without the axis of rows.
    private func describe(_ row: AttentionRow) throws -> [String: JSONValue] {
        var arrays = ArrayAnswer(api.form, api.chat.encoding)
        let members = try AttentionPayload.single(row, capture: capture, layout: layout, &arrays)
        return arrays.complete(["attention": .object(members)])
    }

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
