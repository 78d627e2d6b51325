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

    /// `POST /v1/contexts`.
    static func add(_ request: ServerRequest, _ holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields)
        let compress = try CompressionRequest(api.chat.root.member("compress"))
        let prompt = try await api.prepare()
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
        guard let result = await api.resident.engine.result(of: generation) else { throw CancellationError() }
        let context = try compression.context(of: result)
        let id = try api.resident.contexts.add(context)
        var fields = payload(context, id: id, store: api.resident.contexts)
        fields["text"] = .string(result.text)
        fields["finish_reason"] = .string(result.finishReason.rawValue)
        fields["layout"] = prompt.layout.payload(generated: result.tokens)
        fields["usage"] = CompletionPayload.usage(result, promptTokens: prompt.layout.length)
        fields["timings"] = CompletionPayload.timings(result, promptTokens: prompt.layout.length)
        fields.add(warnings: api.chat.warnings)
        return .json(JSONValue.object(fields).serialized())
    }

    /// `GET /v1/contexts/{id}`.
    static func get(_ request: ServerRequest, _ holder: ModelHolder) throws -> ServerResponse {
        let store = try holder.ready().contexts
        let (id, context) = try find(request, in: store)
        return .json(JSONValue.object(payload(context, id: id, store: store)).serialized())
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
        var generation = try await api.generation(prompt)
        try context.check(generation.interventions)
        generation.sharedPrefix = context.cache
        return try await ChatRoute.answer(generation, api: api)
    }

    // MARK: - Private

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

    private static func payload(_ context: CompressedContext, id: String, store: ContextStore) -> [String: JSONValue] {
        [
            "context_id": .string(id),
            "tokens_full": .integer(context.tokensFull),
            "tokens_kept": .integer(context.tokensKept),
            "kept": .array(context.kept.map { .array($0.map { .integer($0) }) }),
            "bytes": .integer(context.cache.byteCount),
            "expires_in": .integer(Int(store.limits.timeToLive.components.seconds)),
        ]
    }
}
