import Generation
import HTTPCore
import HTTPTypes
import JSON
import Models
import Probing
import WebServer

/// `/v1/contexts`: a prompt is answered once, a part of its keys and values is kept, and further questions go to that.
enum ContextRoutes {
    static let fields: [String: KnownFields] = [
        "compress": ["keep": .value, "select": .value, "strategy": .value, "seed": .value]
    ]

    static let forms: [AnswerForm] = [.json, .npz]

    /// `POST /v1/contexts`.
    static func add(_ request: ServerRequest, _ holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, forms: forms)
        let compress = try CompressionRequest(api.chat.root.member("compress"))
        let prompt = try await api.prepare(for: .contexts)
        var generation = try await api.generation(prompt)
        let compression = try ContextCompression(
            compress,
            prompt: prompt,
            shape: api.resident.model.probeShape,
            maxTokens: generation.maxTokens
        )
        generation.capture = compression.capture
        generation.norms = compression.norms
        generation.keepsPromptCache = true
        let run = generation
        return try await api.answer(on: prompt.layout) { report in
            let result = try await api.result(of: run, report)
            return try keep(try compression.context(of: result), of: result, run, api)
        }
    }

    /// `GET /v1/contexts/{id}`.
    static func get(_ request: ServerRequest, _ holder: ModelHolder) throws -> ServerResponse {
        let store = try holder.ready().contexts
        let (id, context) = try find(request, in: store)
        var arrays = ArrayAnswer(.json, .json)
        return arrays.response(try payload(context, id: id, store: store, &arrays))
    }

    /// `DELETE /v1/contexts/{id}`.
    static func remove(_ request: ServerRequest, _ holder: ModelHolder) throws -> ServerResponse {
        let id = request.pathParameters["id"] ?? ""
        guard try holder.ready().contexts.remove(id) else { throw notFound(id) }
        return .json(JSONValue.object(["context_id": .string(id), "deleted": true]).serialized())
    }

    /// `POST /v1/contexts/{id}/ask`: answered and streamed as a chat completion.
    static func ask(_ request: ServerRequest, _ holder: ModelHolder) async throws -> ServerResponse {
        let (_, context) = try find(request, in: try holder.ready().contexts)
        let api = try await APIRequest.read(
            request,
            holder: holder,
            extra: ["question": .value],
            chatBody: chatBody(asking:)
        )
        let question = try api.chat.root.required("question").string()
        let prompt = try await api.resident.preparer.prompt(asking: question, after: context.prompt)
        try await api.resident.check(api.plan(prompt, maxTokens: api.tokenLimit(prompt)))
        var generation = try await api.generation(prompt)
        try context.check(generation.interventions)
        generation.sharedPrefix = context.cache
        return try await ChatRoute.answer(generation, api: api)
    }

    // MARK: - Private

    /// Keeps a context and says what it is.
    @Sendable private static func keep(
        _ context: CompressedContext,
        of result: GenerationResult,
        _ run: GenerationRequest,
        _ api: APIRequest
    ) throws -> (fields: [String: JSONValue], arrays: ArrayAnswer) {
        let store = api.resident.contexts
        let length = run.prompt.layout.length
        var arrays = ArrayAnswer(api, run)
        var fields = try payload(context, id: try store.add(context), store: store, &arrays)
        fields["text"] = .string(result.text)
        fields["finish_reason"] = .string(result.finishReason.rawValue)
        fields["layout"] = run.prompt.layout.payload(generated: result.tokens)
        fields["usage"] = CompletionPayload.usage(result, promptTokens: length)
        fields["timings"] = CompletionPayload.timings(result, promptTokens: length)
        return (fields, arrays)
    }

    /// A question as the chat body that it stands for.
    @Sendable private static func chatBody(asking body: JSONValue) throws -> JSONValue {
        let root = ProbeField(body, path: "")
        guard root.member("messages") == nil else {
            throw ProbeError.invalid("messages", "does not belong here; a context is asked a \"question\"")
        }
        let question = try root.required("question").string()
        guard !question.isEmpty else { throw ProbeError.invalid("question", "is empty") }
        var fields = try root.object().value.object ?? [:]
        fields["messages"] = [["role": "user", "content": .string(question)]]
        return .object(fields)
    }

    private static func find(
        _ request: ServerRequest,
        in store: ContextStore
    ) throws(HTTPError) -> (id: String, context: CompressedContext) {
        let id = request.pathParameters["id"] ?? ""
        guard let context = store.context(id) else { throw notFound(id) }
        return (id, context)
    }

    private static func notFound(_ id: String) -> HTTPError {
        HTTPError(
            status: .notFound,
            code: "context_not_found",
            message:
                "no context \"\(id)\" is kept; contexts end some time after their last use: make one with /v1/contexts"
        )
    }

    private static func payload(
        _ context: CompressedContext,
        id: String,
        store: ContextStore,
        _ arrays: inout ArrayAnswer
    ) throws(ProbeError) -> [String: JSONValue] {
        let kept = IntegerArray(
            shape: [context.kept.count, context.kept.first?.count ?? 0],
            values: context.kept.flatMap { $0 }
        )
        return [
            "context_id": .string(id),
            "tokens_full": .integer(context.tokensFull),
            "tokens_kept": .integer(context.tokensKept),
            "kept": try arrays.place(kept, at: "kept"),
            "bytes": .integer(context.cache.byteCount),
            "expires_in": .integer(Int(store.limits.timeToLive.components.seconds)),
        ]
    }
}
