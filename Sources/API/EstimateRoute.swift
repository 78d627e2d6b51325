import Generation
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/estimate`: what a request would cost, without running it.
enum EstimateRoute {
    /// The routes that can be estimated.
    static let routes = [
        "/v1/chat/completions", "/v1/attention", "/v1/knockout", "/v1/ablation", "/v1/logit-lens", "/v1/localize",
        "/v1/contexts", "/v1/gradients", "/v1/activations",
    ]

    private static let fields = [
        AttentionRoute.fields, KnockoutRoute.fields, AblationRoute.fields, LensRoute.fields, LocalizeRoute.fields,
        ContextRoutes.fields, GradientRoute.fields, ActivationsRoute.fields, ["route": .value],
    ].reduce([String: KnownFields]()) { $0.merging($1) { first, _ in first } }

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields)
        let field = try api.chat.root.required("route")
        let route = try field.string()
        guard routes.contains(route) else {
            throw ProbeError.unsupported(
                field.path,
                "\"\(route)\" cannot be estimated; estimated are \(routes.joined(separator: ", "))"
            )
        }
        let (prompt, unseen) = try await api.resident.preparer.outline(api.chat.messages, images: api.images)
        var plan = try await plan(route, api, prompt)
        plan.pictureTokens = max(plan.pictureTokens, unseen)
        let estimate = await api.estimate(plan)
        let budget = api.resident.engine.cacheBudget
        let seconds = api.resident.timeBudget
        var answer: [String: JSONValue] = [
            "route": .string(route),
            "seconds": .number(estimate.seconds),
            "peak_bytes": .integer(estimate.peakBytes),
            "rows": .integer(plan.rows),
            "runs": .integer(plan.variants.count + 1),
            "limits": ["bytes": .integer(budget), "seconds": seconds.map { .number($0) } ?? nil],
            "fits": .bool(
                max(estimate.cacheBytes, plan.gradients?.leastBytes ?? 0) <= budget
                    && estimate.seconds <= seconds ?? .infinity
            ),
            "assumes": assumptions(plan),
        ]
        if let gradients = plan.gradients { answer["gradient_rows"] = .integer(gradients.rows) }
        answer.add(warnings: api.warningsUnstreamed)
        return .json(JSONValue.object(answer).serialized())
    }

    // MARK: - Private

    /// What the figures rest on.
    private static func assumptions(_ plan: CostPlan) -> JSONValue {
        let tokens = plan.baseline.maxTokens
        let answers =
            "every answer has all answer_tokens, as many as max_tokens or the context allows; one that ends by itself "
            + "takes less"
        return [
            "answer_tokens": .integer(tokens),
            "note": .string((tokens == 0 ? "nothing is generated" : answers) + "; nothing else runs"),
        ]
    }

    private static func plan(_ route: String, _ api: APIRequest, _ prompt: PreparedPrompt) async throws -> CostPlan {
        let root = api.chat.root
        let maxTokens = try api.resident.preparer.tokenLimit(
            prompt,
            requested: api.chat.maxTokens,
            parameter: api.chat.maxTokensField
        )
        switch route {
        case "/v1/attention":
            if let field = root.member("attention"), try AttentionRequest.tower(field) == .vision {
                let shape = api.resident.model.vision.shape
                let plan = try VisionAttentionPlan(VisionAttentionRequest(field), layout: prompt.layout, shape: shape)
                return VisionAttentionRoute.cost(of: plan, api)
            }
            let request = try root.member("attention").map(AttentionRequest.init) ?? AttentionRequest()
            return try plan(api, prompt, maxTokens, recording: request)
        case "/v1/localize":
            var request = AttentionRequest()
            if let layers = root.member("layers") { request.layers = try LayerSelector(layers) }
            var plan = try plan(api, prompt, maxTokens, recording: request)
            if root.member("select")?.value == "lost" { plan.variants = [plan.baseline] }
            return plan
        case "/v1/logit-lens":
            let capture = try LensCapture(
                LensRequest(root.member("lens")),
                layout: prompt.layout,
                decoder: api.resident.model.decoder,
                candidates: nil,
                target: nil,
                maxTokens: maxTokens
            )
            let limit = capture.readsAnswer ? maxTokens : 0
            return api.plan(prompt, maxTokens: limit, headRows: capture.stateCount(maxTokens: limit))
        case "/v1/knockout":
            let variants = try KnockoutVariant.read(root, model: api.resident.model)
            let changes = variants.map { (interventions: $0.interventions, paths: $0.paths) }
            return await api.plan(prompt, maxTokens: maxTokens, variants: changes)
        case "/v1/ablation":
            return try await AblationRoute.plan(api, AblationReader(root), prompt, maxTokens: maxTokens)
        case "/v1/activations":
            let asked = try SiteRequest(root)
            let positions = try asked.positions.resolved(in: prompt.layout, parameter: "positions")
            let limit = positions.generated ? maxTokens : 0
            let capture = try ActivationsRoute.capture(asked, api, prompt, maxTokens: limit)
            return api.plan(prompt, maxTokens: limit, recordedNumbers: capture.count(maxTokens: limit))
        case "/v1/gradients":
            return try api.plan(prompt, gradients: AttributionRequest(root.member("gradients")))
        default:
            return api.plan(prompt, maxTokens: maxTokens)
        }
    }

    private static func plan(
        _ api: APIRequest,
        _ prompt: PreparedPrompt,
        _ maxTokens: Int,
        recording request: AttentionRequest
    ) throws -> CostPlan {
        let capture = try AttentionCapture(
            request,
            layout: prompt.layout,
            shape: api.resident.model.probeShape,
            maxTokens: maxTokens
        )
        var plan = api.plan(prompt, maxTokens: maxTokens, recordedNumbers: capture.numberCount)
        plan.baseline.heldNumbers = capture.rolloutCount
        return plan
    }
}
