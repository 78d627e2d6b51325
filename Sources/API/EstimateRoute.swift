import Generation
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/estimate`: what a request would cost, without running it.
enum EstimateRoute {
    /// The routes that can be estimated.
    static let routes = [
        "/v1/chat/completions", "/v1/layout", "/v1/attention", "/v1/knockout", "/v1/ablation", "/v1/logit-lens",
        "/v1/localize", "/v1/contexts", "/v1/gradients", "/v1/activations", "/v1/judge",
    ]

    /// What a body may call them: each with its prefix, without the first stroke, and without all of it.
    static var names: [String] {
        routes + routes.map { String($0.dropFirst()) } + routes.map { String($0.dropFirst("/v1/".count)) }
    }

    private static let fields = [
        AttentionRoute.fields, KnockoutRoute.fields, AblationRoute.fields, LensRoute.fields, LocalizeRoute.fields,
        ContextRoutes.fields, GradientRoute.fields, ActivationsRoute.fields, JudgeRoute.fields, ["route": .value],
    ].reduce([String: KnownFields]()) { $0.merging($1) { first, _ in first } }

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, chatBody: chatBody)
        let route = try route(api.chat.root.required("route"))
        let plan = try await EstimatedRequest(api: api, route: route).plan()
        let estimate = await api.estimate(plan)
        let budget = api.resident.engine.cacheBudget
        let seconds = api.resident.timeBudget
        var answer: [String: JSONValue] = [
            "route": .string(route),
            "seconds": .number(estimate.seconds),
            "peak_bytes": .integer(estimate.peakBytes),
            "rows": .integer(plan.rows),
            "runs": .integer(plan.runs.count),
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

    private static func route(_ field: ProbeField) throws -> String {
        let name = try field.string()
        guard let route = zip(names, routes + routes + routes).first(where: { $0.0 == name })?.1 else {
            throw ProbeError.unsupported(
                field.path,
                "\"\(name.prefix(200))\" cannot be estimated; estimated are \(routes.joined(separator: ", "))"
            )
        }
        return route
    }

    /// A body of `/v1/judge` as a chat body that stands for it: it has texts and no messages.
    @Sendable private static func chatBody(_ body: JSONValue) throws -> JSONValue {
        let root = ProbeField(body, path: "")
        guard root.member("messages") == nil, var fields = body.object, let field = root.member("route"),
            try route(field) == "/v1/judge"
        else { return body }
        fields["messages"] = [["role": "user", "content": "judge"]]
        return .object(fields)
    }

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
}
