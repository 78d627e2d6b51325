import Generation
import JSON
import Models
import Probing

/// The body of a route as what it would cost there: the one prediction that estimates tell and that routes are refused by.
struct EstimatedRequest {
    /// The routes whose cost is known beforehand.
    enum Route: String, CaseIterable {
        case chat = "/v1/chat/completions"
        case layout = "/v1/layout"
        case attention = "/v1/attention"
        case knockout = "/v1/knockout"
        case ablation = "/v1/ablation"
        case lens = "/v1/logit-lens"
        case localize = "/v1/localize"
        case contexts = "/v1/contexts"
        case gradients = "/v1/gradients"
        case activations = "/v1/activations"
        case judge = "/v1/judge"
    }

    let api: APIRequest
    let route: Route

    /// What the route would ask of the model and write. Pictures are measured, and those that no run has shown the vision
    /// tower yet are counted as seen once.
    func plan() async throws -> CostPlan {
        if route == .judge { return try judgement() }
        let outline = try await api.resident.preparer.outline(api.chat.messages, images: api.images)
        return try await plan(outline.prompt, unseen: outline.unseenTokens)
    }

    /// The same on a prompt of which the vision tower still has to make `unseen` tokens.
    func plan(_ prompt: PreparedPrompt, unseen: Int) async throws -> CostPlan {
        switch route {
        case .judge: return try judgement()
        case .layout: return layout(prompt)
        case .attention:
            if let field = root.member("attention"), try AttentionRequest.tower(field) == .vision {
                return try vision(prompt, VisionAttentionRoute.read(field, api), unseen: unseen)
            }
        default: break
        }
        var plan = try await plan(prompt)
        plan.pictureTokens += unseen
        return plan
    }

    // MARK: - Private

    /// How many numbers an object of a word, its id and its probability is worth when it is written.
    private static let numbersOfAWord = 8

    private var root: ProbeField { api.chat.root }
    private var shape: ProbeShape { api.resident.model.probeShape }

    /// What the decoder is asked.
    private func plan(_ prompt: PreparedPrompt) async throws -> CostPlan {
        switch route {
        case .attention:
            let request = try root.member("attention").map(AttentionRequest.init) ?? AttentionRequest()
            var plan = try self.plan(prompt, recording: request)
            plan.answer = api.answer(carrying: [plan.baseline.recordedNumbers])
            return plan
        case .localize:
            let body = try LocalizeBody(root)
            _ = try body.placement(in: prompt.layout)
            var request = AttentionRequest()
            request.layers = body.layers
            var plan = try self.plan(prompt, recording: request)
            if body.selectsLost {
                // The blind run and the other one are never there together.
                plan.preparations.append(try api.plan(prompt, maxTokens: plan.baseline.maxTokens).baseline)
            }
            return plan
        case .lens: return try lens(prompt)
        case .knockout:
            let variants = try KnockoutVariant.read(root, model: api.resident.model)
            let changes = variants.map { (interventions: $0.interventions, paths: $0.paths) }
            return try await api.plan(prompt, maxTokens: api.tokenLimit(prompt), variants: changes)
        case .ablation:
            let reader = try AblationReader(root)
            return try await AblationRoute.plan(api, reader, prompt, maxTokens: api.tokenLimit(prompt))
        case .activations: return try activations(prompt)
        case .gradients: return try api.plan(prompt, gradients: AttributionRequest(root.member("gradients")))
        case .contexts: return try contexts(prompt)
        case .chat, .layout, .judge: return try api.plan(prompt, maxTokens: api.tokenLimit(prompt))
        }
    }

    private func plan(_ prompt: PreparedPrompt, recording request: AttentionRequest) throws -> CostPlan {
        let maxTokens = try api.tokenLimit(prompt)
        let capture = try AttentionCapture(request, layout: prompt.layout, shape: shape, maxTokens: maxTokens)
        var plan = try api.plan(prompt, maxTokens: maxTokens, recordedNumbers: capture.numberCount)
        plan.baseline.heldNumbers = capture.rolloutCount
        return plan
    }

    /// What the vision tower is asked; only spans need what it makes of the pictures.
    private func vision(
        _ prompt: PreparedPrompt,
        _ request: VisionAttentionRequest,
        unseen: Int
    ) throws -> CostPlan {
        let shape = api.resident.model.vision.shape
        let plan = try VisionAttentionPlan(request, layout: prompt.layout, shape: shape)
        var cost = VisionAttentionRoute.cost(of: plan, api)
        if case .span = request.rows { cost.pictureTokens += unseen }
        return cost
    }

    private func activations(_ prompt: PreparedPrompt) throws -> CostPlan {
        let asked = try SiteRequest(root)
        try asked.checkVision(api.resident.model.vision.shape, pictures: api.images.count)
        let positions = try asked.positions.resolved(in: prompt.layout, parameter: "positions")
        let limit = try positions.generated ? api.tokenLimit(prompt) : 0
        let capture = try ActivationsRoute.capture(asked, api, prompt, maxTokens: limit)
        return try ActivationsRoute.plan(asked, capture, api, prompt, maxTokens: limit)
    }

    private func contexts(_ prompt: PreparedPrompt) throws -> CostPlan {
        let maxTokens = try api.tokenLimit(prompt)
        let request = try CompressionRequest(root.member("compress"))
        let compression = try ContextCompression(request, prompt: prompt, shape: shape, maxTokens: maxTokens)
        let numbers = compression.capture?.numberCount ?? 0
        return try api.plan(prompt, maxTokens: maxTokens, recordedNumbers: numbers)
    }

    private func lens(_ prompt: PreparedPrompt) throws -> CostPlan {
        let request = try LensRequest(root.member("lens"))
        let positions = try request.positions.resolved(in: prompt.layout, parameter: "lens.positions")
        let limit = try positions.generated ? api.tokenLimit(prompt) : 0
        let capture = try LensCapture(
            request,
            layout: prompt.layout,
            decoder: api.resident.model.decoder,
            candidates: nil,
            target: nil,
            maxTokens: limit
        )
        let states = capture.stateCount(maxTokens: limit)
        var plan = try api.plan(prompt, maxTokens: limit, headRows: states)
        let words = min(capture.wordCount, request.vocabulary?.count ?? .max)
        plan.answer = api.answer(carrying: request.target == nil ? [] : [states])
        plan.answer.spelled += states * words * Self.numbersOfAWord
        return plan
    }

    /// What is where, in numbers: corners of patches and a few of each word.
    private func layout(_ prompt: PreparedPrompt) -> CostPlan {
        var plan = CostPlan.withoutRuns
        let patches = prompt.layout.images.reduce(0) { $0 + $1.positions.count }
        plan.answer.spelled = 4 * patches + Self.numbersOfAWord * prompt.layout.tokens.count
        return plan
    }

    private func judgement() throws -> CostPlan {
        let (_, reference, candidate) = try JudgeRoute.read(root, external: api.resident.externalJudge)
        return JudgeRoute.plan(reference: reference, candidate: candidate)
    }
}

extension CostPlan {
    /// What asks nothing of the model.
    static var withoutRuns: CostPlan {
        CostPlan(pictureTokens: 0, baseline: Run(promptLength: 0, maxTokens: 0))
    }
}
