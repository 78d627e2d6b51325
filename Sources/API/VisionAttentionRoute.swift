import Generation
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/attention` with `"tower":"vision"`: where the tokens of the vision tower look. Nothing is decoded.
enum VisionAttentionRoute {
    static func answer(_ api: APIRequest, _ field: ProbeField) async throws -> ServerResponse {
        let request = try read(field, api)
        let render = try RenderRequest(api.chat.root.member("render"))
        if api.form == .png, request.columns != .image {
            throw ProbeError.unsupported("attention.columns", "must be \"image\" for a picture of the map")
        }
        let layout = try await layout(api, request)
        let plan = try VisionAttentionPlan(request, layout: layout, shape: api.resident.model.vision.shape)
        guard api.form == .png else {
            return try await api.answer(on: layout) { _ in
                var arrays = ArrayAnswer(api.form, api.chat.encoding, warnings: api.chat.warnings)
                let fields = try await payload(api, plan, layout).fields(&arrays)
                return (fields, arrays)
            }
        }
        let picture = plan.pictures.count == 1 ? plan.pictures[0] : nil
        let overlay = try Overlay(render, layout: layout, images: api.images, picture: picture)
        let values = try await payload(api, plan, layout).values(render, picture: render.image ?? picture ?? 0)
        return try await overlay.answer(values)
    }

    /// The member `attention` of a body.
    static func read(_ field: ProbeField, _ api: APIRequest) throws -> VisionAttentionRequest {
        guard api.chat.interventions.isEmpty else {
            throw ProbeError.unsupported("interventions", "act on the decoder; attention.tower is \"vision\"")
        }
        return try VisionAttentionRequest(field)
    }

    /// What a plan costs: the tower runs again, also for pictures whose embeddings are kept.
    static func cost(of plan: VisionAttentionPlan, _ api: APIRequest) -> CostPlan {
        var run = CostPlan.Run(promptLength: 0, maxTokens: 0)
        run.recordedNumbers = plan.numberCount
        let tokens = plan.pictures.count * api.resident.model.vision.shape.tokens
        var cost = CostPlan(pictureTokens: tokens, baseline: run)
        cost.answer = api.answer(carrying: [plan.numberCount])
        return cost
    }

    // MARK: - Private

    /// The prompt's layout; spans may depend on what the tower made of the pictures.
    private static func layout(_ api: APIRequest, _ request: VisionAttentionRequest) async throws -> PromptLayout {
        if case .span = request.rows { return try await api.prepare(for: .attention).layout }
        return try await api.layout(for: .attention)
    }

    private static func payload(
        _ api: APIRequest,
        _ plan: VisionAttentionPlan,
        _ layout: PromptLayout
    ) async throws -> VisionAttentionPayload {
        let pictures = layout.images.compactMap { placed in api.images.first { $0.id == placed.imageID } }
        let rows = try await api.resident.preparer.visionAttention(pictures, plan)
        return VisionAttentionPayload(plan: plan, layout: layout, rows: rows)
    }
}

/// The answer: maps and masses of the recorded rows.
private struct VisionAttentionPayload: Sendable {
    let plan: VisionAttentionPlan
    let layout: PromptLayout
    let rows: [VisionAttentionRow]

    func fields(_ arrays: inout ArrayAnswer) throws -> [String: JSONValue] {
        let layers = rows.flatMap(\.layers)
        let shape = [rows.count, plan.layers.count]
        let fractions = [
            "class": NumberArray(shape: shape, values: layers.map(\.classMass)),
            "image": NumberArray(shape: shape, values: layers.map(\.patchMass)),
        ]
        let columns = layers.first?.maps.first?.count ?? 0
        let heads = plan.separateHeads.map { [$0.count] } ?? []
        let maps = NumberArray(shape: shape + heads + [columns], values: layers.flatMap { $0.maps.flatMap { $0 } })
        return [
            "layout": layout.payload(),
            "attention": [
                "tower": "vision",
                "rows": .array(rows.map { Self.entry($0.row) }),
                "layers": .array(plan.layers.map { .integer($0) }),
                "heads": plan.separateHeads.map { .array($0.map { .integer($0) }) } ?? nil,
                "maps": try arrays.place(maps, at: "attention.maps"),
                "fractions": .object(try fractions.places(in: &arrays, at: "attention.fractions")),
            ],
        ]
    }

    /// One value for each patch of the drawn picture: the mean over the drawn rows, layers and heads.
    func values(_ render: RenderRequest, picture: Int) throws(ProbeError) -> [Float] {
        let layers = try render.layers(of: plan.layers)
        let drawn = try render.rows(of: rows.count).map { rows[$0] }.filter { $0.row.picture == picture }
        guard let first = drawn.first?.layers.first?.maps.first else {
            throw .unsupported("render", "no row to draw is of picture \(picture)")
        }
        let maps = drawn.flatMap { row in layers.flatMap { row.layers[$0].maps } }
        return first.indices.map { column in maps.reduce(0) { $0 + $1[column] } / Float(maps.count) }
    }

    private static func entry(_ row: VisionAttentionPlan.Row) -> JSONValue {
        [
            "image": .integer(row.picture), "token": row.patch == nil ? "class" : "patch",
            "patch": row.patch.map { .integer($0) } ?? nil, "position": row.position.map { .integer($0) } ?? nil,
        ]
    }
}
