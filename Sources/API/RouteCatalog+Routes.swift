extension RouteCatalog {
    /// Routes about the server itself, its model's vocabulary and the pictures it keeps.
    static func service(_ metrics: RequestMetrics) -> [RouteEntry] {
        [
            .get("/health", "Whether the model is loaded") { _, holder in try ServiceRoutes.health(holder) }
                .answers("Health").withoutKey(),
            .get("/metrics", "Counters and gauges for Prometheus") { _, holder in
                MetricsRoute.answer(holder, requests: metrics)
            },
            .get("/v1/models", "The resident model and its shape") { _, holder in try ServiceRoutes.models(holder) }
                .answers("ModelList"),
            .get("/v1/models/{id}", "One model by name", ServiceRoutes.model).answers("Model"),
            .get("/v1/capabilities", "Probes, span names, layer presets and limits") { _, holder in
                try ServiceRoutes.capabilities(holder, of: models)
            }
            .answers("Capabilities"),
            .post("/v1/tokenize", "Text to token ids", TokenRoutes.tokenize)
                .takes(.json("Tokenize")).answers("Tokens").tagged("tokens"),
            .post("/v1/detokenize", "Token ids to text", TokenRoutes.detokenize)
                .takes(.json("Detokenize")).answers("Text").tagged("tokens"),
            .post("/v1/images", "Keeps a picture and names it", ImageRoutes.add)
                .takes(.file).answers("ImageInfo").tagged("images"),
            .get("/v1/images/{id}", "A kept picture's bytes", ImageRoutes.get).answers(.file).tagged("images"),
        ]
    }

    /// Routes that ask the model.
    static let models =
        chat + probes.map { $0.tagged("probes") } + studies.map { $0.tagged("studies") }
        + contexts.map { $0.tagged("contexts") }

    // MARK: - Private

    private static let chat: [RouteEntry] = [
        .post("/v1/chat/completions", "An answer, whole or streamed", ChatRoute.answer)
            .takes(.jsonOrForm("Chat")).answers("Completion", streams: true).tagged("chat")
    ]

    /// Routes that look into one run.
    private static let probes: [RouteEntry] = [
        .post("/v1/layout", "What is where in a prompt, without inference", LayoutRoute.answer)
            .takes(.jsonOrForm("Chat")).answers("Layout"),
        .post("/v1/attention", "An answer and where its tokens looked", AttentionRoute.answer)
            .takes(.jsonOrForm("Attention")).answers("AttentionAnswer", in: AttentionRoute.forms, streams: true),
        .post("/v1/knockout", "Answers with edges of attention cut", KnockoutRoute.answer)
            .takes(.jsonOrForm("Knockout")).answers("KnockoutAnswer", in: KnockoutRoute.forms, streams: true),
        .post("/v1/activations", "The states of a run at named sites, as arrays", ActivationsRoute.answer)
            .takes(.jsonOrForm("Activations")).answers("ActivationsAnswer", in: ActivationsRoute.forms, streams: true),
        .post("/v1/logit-lens", "Hidden states of a prompt, and of its answer, read as words", LensRoute.answer)
            .takes(.jsonOrForm("Lens")).answers("LensAnswer", in: LensRoute.forms, streams: true),
        .post("/v1/gradients", "What the next token owes to each image token, by gradients", GradientRoute.answer)
            .takes(.jsonOrForm("Gradients")).answers("GradientsAnswer", in: GradientRoute.forms, streams: true),
    ]

    /// Routes that run and compare whole studies.
    private static let studies: [RouteEntry] = [
        .post("/v1/judge", "Which tangible objects two texts share", JudgeRoute.answer)
            .takes(.json("Judge")).answers("Judgement", in: JudgeRoute.forms),
        .post("/v1/estimate", "What a request would cost, without running it", EstimateRoute.answer)
            .takes(.jsonOrForm("Estimate")).answers("EstimateAnswer"),
        .post("/v1/ablation", "Answers with image tokens replaced", AblationRoute.answer)
            .takes(.jsonOrForm("Ablation")).answers("AblationAnswer", in: AblationRoute.forms, streams: true),
        .post("/v1/localize", "Whether the words for an object look at it", LocalizeRoute.answer)
            .takes(.jsonOrForm("Localize")).answers("LocalizeAnswer", in: LocalizeRoute.forms, streams: true),
    ]

    private static let contexts: [RouteEntry] = [
        .post("/v1/contexts", "Answers a prompt once and keeps a part of its keys and values", ContextRoutes.add)
            .takes(.jsonOrForm("Context")).answers("ContextAnswer", in: ContextRoutes.forms, streams: true),
        .get("/v1/contexts/{id}", "What a context keeps", ContextRoutes.get).answers("ContextInfo"),
        .delete("/v1/contexts/{id}", "Forgets a context", ContextRoutes.remove).answers("ContextRemoval"),
        .post("/v1/contexts/{id}/ask", "Asks a context a further question, answered as a chat", ContextRoutes.ask)
            .takes(.json("Question")).answers("Completion", streams: true),
    ]
}
