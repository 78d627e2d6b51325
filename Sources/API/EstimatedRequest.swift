import Generation
import JSON
import Models
import Probing

/// The body of a route as what it would cost there.
struct EstimatedRequest {
    let api: APIRequest
    let route: String

    /// What the route would ask of the model and write. Pictures are measured, and those that no run has shown the vision
    /// tower yet are counted as seen once.
    func plan() async throws -> CostPlan {
        if route == "/v1/judge" { return try judgement() }
        let (prompt, unseen) = try await api.resident.preparer.outline(api.chat.messages, images: api.images)
        if route == "/v1/layout" { return layout(prompt) }
        let root = api.chat.root
        if route == "/v1/attention", let field = root.member("attention"),
            try AttentionRequest.tower(field) == .vision
        {
            let request = try VisionAttentionRequest(field)
            let shape = api.resident.model.vision.shape
            let plan = try VisionAttentionPlan(request, layout: prompt.layout, shape: shape)
            var cost = VisionAttentionRoute.cost(of: plan, api)
            if case .span = request.rows { cost.pictureTokens += unseen }
            return cost
        }
        let maxTokens = try api.resident.preparer.tokenLimit(
            prompt,
            requested: api.chat.maxTokens,
            parameter: api.chat.maxTokensField
        )
        var plan = try await plan(prompt, maxTokens: maxTokens)
        plan.pictureTokens += unseen
        return plan
    }

    // MARK: - Private

    /// How many numbers an object of a word, its id and its probability is worth when it is written.
    private static let numbersOfAWord = 8
    /// How long the lexical judge takes for a character of a text.
    private static let secondsOfACharacter = 2.5e-6

    private func plan(_ prompt: PreparedPrompt, maxTokens: Int) async throws -> CostPlan {
        let root = api.chat.root
        var variants: [Intervention] = []
        var plan: CostPlan
        switch route {
        case "/v1/attention":
            let request = try root.member("attention").map(AttentionRequest.init) ?? AttentionRequest()
            plan = try self.plan(prompt, maxTokens, recording: request)
            plan.answer = api.answer(carrying: [plan.baseline.recordedNumbers])
        case "/v1/localize":
            var request = AttentionRequest()
            if let layers = root.member("layers") { request.layers = try LayerSelector(layers) }
            plan = try self.plan(prompt, maxTokens, recording: request)
            if root.member("select")?.value == "lost" { plan.variants = [plan.baseline] }
        case "/v1/logit-lens":
            plan = try lens(prompt, maxTokens)
        case "/v1/knockout":
            let read = try KnockoutVariant.read(root, model: api.resident.model)
            variants = read.flatMap(\.interventions)
            let changes = read.map { (interventions: $0.interventions, paths: $0.paths) }
            plan = await api.plan(prompt, maxTokens: maxTokens, variants: changes)
        case "/v1/ablation":
            let reader = try AblationReader(root)
            plan = try await AblationRoute.plan(api, reader, prompt, maxTokens: maxTokens)
        case "/v1/activations":
            let asked = try SiteRequest(root)
            try asked.checkVision(api.resident.model.vision.shape, pictures: api.images.count)
            let positions = try asked.positions.resolved(in: prompt.layout, parameter: "positions")
            let limit = positions.generated ? maxTokens : 0
            let capture = try ActivationsRoute.capture(asked, api, prompt, maxTokens: limit)
            plan = ActivationsRoute.plan(asked, capture, api, prompt, maxTokens: limit)
        case "/v1/gradients":
            plan = try api.plan(prompt, gradients: AttributionRequest(root.member("gradients")))
        default:
            plan = api.plan(prompt, maxTokens: maxTokens)
        }
        plan.preparations = try api.preparations(prompt, maxTokens: maxTokens, variants: variants)
        return plan
    }

    private func plan(
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

    private func lens(_ prompt: PreparedPrompt, _ maxTokens: Int) throws -> CostPlan {
        let request = try LensRequest(api.chat.root.member("lens"))
        let capture = try LensCapture(
            request,
            layout: prompt.layout,
            decoder: api.resident.model.decoder,
            candidates: nil,
            target: nil,
            maxTokens: maxTokens
        )
        let limit = capture.readsAnswer ? maxTokens : 0
        let states = capture.stateCount(maxTokens: limit)
        var plan = api.plan(prompt, maxTokens: limit, headRows: states)
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

    /// What the lexical judge reads; how long another one takes is not known.
    private func judgement() throws -> CostPlan {
        let (_, reference, candidate) = try JudgeRoute.read(api.chat.root, external: api.resident.externalJudge)
        var plan = CostPlan.withoutRuns
        let characters = reference.utf8.count + candidate.utf8.count
        plan.otherSeconds = Double(characters) * Self.secondsOfACharacter
        plan.answer.spelled = characters
        return plan
    }
}

extension CostPlan {
    /// What asks nothing of the model.
    fileprivate static var withoutRuns: CostPlan {
        CostPlan(pictureTokens: 0, baseline: Run(promptLength: 0, maxTokens: 0))
    }
}
