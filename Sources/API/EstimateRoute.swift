import Generation
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/estimate`: what a request would cost, without running it.
enum EstimateRoute {
    /// The routes that can be estimated.
    static let routes = EstimatedRequest.Route.allCases.map(\.rawValue)

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
        let resident = api.resident
        let estimate = await resident.estimate(plan)
        var answer: [String: JSONValue] = [
            "route": .string(route.rawValue),
            "seconds": .number(estimate.seconds),
            "peak_bytes": .integer(estimate.peakBytes),
            "rows": .integer(plan.rows),
            "runs": .integer(plan.runs.count),
            "limits": [
                "bytes": .integer(resident.engine.cacheBudget),
                "seconds": resident.timeBudget.map { .number($0) } ?? nil,
            ],
            "fits": .bool(resident.allows(plan, estimate)),
            "assumes": assumptions(plan),
        ]
        if let gradients = plan.gradients { answer["gradient_rows"] = .integer(gradients.rows) }
        answer.add(warnings: api.warningsUnstreamed)
        return .json(JSONValue.object(answer).serialized())
    }

    // MARK: - Private

    private static func route(_ field: ProbeField) throws -> EstimatedRequest.Route {
        let name = try field.string()
        let routes = EstimatedRequest.Route.allCases
        guard let route = zip(names, routes + routes + routes).first(where: { $0.0 == name })?.1 else {
            throw ProbeError.unsupported(
                field.path,
                "\"\(name.prefix(200))\" cannot be estimated; estimated are \(Self.routes.joined(separator: ", "))"
            )
        }
        return route
    }

    /// A body of `/v1/judge` as a chat body that stands for it: it has texts and no messages.
    @Sendable private static func chatBody(_ body: JSONValue) throws -> JSONValue {
        let root = ProbeField(body, path: "")
        guard root.member("messages") == nil, var fields = body.object, let field = root.member("route"),
            try route(field) == .judge
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
