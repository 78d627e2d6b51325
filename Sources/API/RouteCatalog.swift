import HTTPCore
import HTTPTypes
import JSON
public import WebServer

/// Every route of the API: what the router matches and what `/openapi.json` describes.
public struct RouteCatalog: Sendable {
    let entries: [RouteEntry]
    private let metrics = RequestMetrics()

    /// The routes over the model in `holder`.
    public init(_ holder: ModelHolder) {
        var entries = Self.service(holder, metrics) + Self.model(holder) + Self.contexts(holder) + Self.studies(holder)
        func own(_ handler: @escaping RouteEntry.Handler) -> RouteEntry {
            .get("/openapi.json", "service", "This description", answer: .json("Object"), handler: handler)
        }
        let description = OpenAPIDocument(entries + [own { _ in .text("") }]).json.serialized()
        entries.append(own { _ in .json(description) })
        self.entries = entries
    }

    /// The routes as the server takes them, with every error turned into its status.
    public var routes: [Route] {
        entries.map { entry in
            Route(
                entry.method,
                entry.pattern,
                summary: entry.summary,
                tags: [entry.tag],
                needsKey: entry.needsKey,
                contentTypes: entry.body?.contentTypes ?? []
            ) { request in
                do { return try await entry.handler(request) } catch { throw APIError.answer(to: error) }
            }
        }
    }

    /// Counts an answer for `/metrics`; the server's observer.
    public func record(_ exchange: ExchangeSummary) { metrics.record(exchange) }

    // MARK: - Private

    private static func service(_ holder: ModelHolder, _ metrics: RequestMetrics) -> [RouteEntry] {
        [
            .get("/health", "service", "Whether the model is loaded", needsKey: false, answer: .json("Health")) { _ in
                try ServiceRoutes.health(holder)
            },
            .get("/metrics", "service", "Counters and gauges for Prometheus", answer: .text) { _ in
                MetricsRoute.answer(holder, requests: metrics)
            },
            .get("/v1/models", "service", "The resident model and its shape", answer: .json("ModelList")) { _ in
                try ServiceRoutes.models(holder)
            },
            .get("/v1/models/{id}", "service", "One model by name", answer: .json("Model")) {
                try ServiceRoutes.model($0, holder)
            },
            .get(
                "/v1/capabilities",
                "service",
                "Probes, span names, layer presets and limits",
                answer: .json("Capabilities")
            ) { _ in
                try ServiceRoutes.capabilities(holder)
            },
            .post("/v1/tokenize", "tokens", "Text to token ids", body: .json("Tokenize"), answer: .json("Tokens")) {
                try await TokenRoutes.tokenize($0, holder)
            },
            .post("/v1/detokenize", "tokens", "Token ids to text", body: .json("Detokenize"), answer: .json("Text")) {
                try await TokenRoutes.detokenize($0, holder)
            },
            .post("/v1/images", "images", "Keeps a picture and names it", body: .file, answer: .json("ImageInfo")) {
                try await ImageRoutes.add($0, holder)
            },
            .get("/v1/images/{id}", "images", "A kept picture's bytes", answer: .file) {
                try ImageRoutes.get($0, holder)
            },
        ]
    }

    private static func contexts(_ holder: ModelHolder) -> [RouteEntry] {
        [
            .post(
                "/v1/contexts",
                "contexts",
                "Answers a prompt once and keeps a part of its keys and values",
                body: .jsonOrForm("Context"),
                answer: .json("ContextAnswer")
            ) {
                try await ContextRoutes.add($0, holder)
            },
            .get("/v1/contexts/{id}", "contexts", "What a context keeps", answer: .json("ContextInfo")) {
                try ContextRoutes.get($0, holder)
            },
            .delete("/v1/contexts/{id}", "contexts", "Forgets a context", answer: .json("ContextRemoval")) {
                try ContextRoutes.remove($0, holder)
            },
            .post(
                "/v1/contexts/{id}/ask",
                "contexts",
                "Asks a context a further question, answered as a chat completion",
                body: .json("Question"),
                answer: .jsonOrEvents("Completion")
            ) {
                try await ContextRoutes.ask($0, holder)
            },
        ]
    }

    private static func model(_ holder: ModelHolder) -> [RouteEntry] {
        [
            .post(
                "/v1/chat/completions",
                "chat",
                "An answer, whole or streamed",
                body: .jsonOrForm("Chat"),
                answer: .jsonOrEvents("Completion")
            ) {
                try await ChatRoute.answer($0, holder: holder)
            },
            .post(
                "/v1/layout",
                "probes",
                "What is where in a prompt, without inference",
                body: .jsonOrForm("Chat"),
                answer: .json("Layout")
            ) {
                try await LayoutRoute.answer($0, holder)
            },
            .post(
                "/v1/attention",
                "probes",
                "An answer and where its tokens looked",
                body: .jsonOrForm("Attention"),
                answer: .jsonOrEvents("AttentionAnswer")
            ) {
                try await AttentionRoute.answer($0, holder: holder)
            },
            .post(
                "/v1/knockout",
                "probes",
                "Answers with edges of attention cut",
                body: .jsonOrForm("Knockout"),
                answer: .jsonOrEvents("KnockoutAnswer")
            ) {
                try await KnockoutRoute.answer($0, holder: holder)
            },
            .post(
                "/v1/activations",
                "probes",
                "The states of a run at named sites, as arrays",
                body: .jsonOrForm("Activations"),
                answer: .json("ActivationsAnswer")
            ) {
                try await ActivationsRoute.answer($0, holder: holder)
            },
            .post(
                "/v1/logit-lens",
                "probes",
                "Hidden states of a prompt read as words",
                body: .jsonOrForm("Lens"),
                answer: .json("LensAnswer")
            ) {
                try await LensRoute.answer($0, holder: holder)
            },
            .post(
                "/v1/gradients",
                "probes",
                "What the next token owes to each image token, by gradients",
                body: .jsonOrForm("Gradients"),
                answer: .jsonOrEvents("GradientsAnswer")
            ) {
                try await GradientRoute.answer($0, holder: holder)
            },
        ]
    }
}
