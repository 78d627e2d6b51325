import Generation
import JSON
import Models
import Probing

extension APIRequest {
    /// The plan of one run of `prompt`, whose pictures the tower has seen.
    func plan(_ prompt: PreparedPrompt, maxTokens: Int, recordedNumbers: Int = 0, headRows: Int = 0) -> CostPlan {
        var run = CostPlan.Run(promptLength: prompt.layout.length, maxTokens: maxTokens)
        run.recordedNumbers = recordedNumbers
        run.headRows = headRows
        return CostPlan(pictureTokens: 0, baseline: run)
    }

    /// The plan of gradients at the end of `prompt`.
    func plan(_ prompt: PreparedPrompt, gradients: AttributionRequest) throws -> CostPlan {
        _ = try gradients.positions.resolved(in: prompt.layout, parameter: "gradients.positions")
        var plan = plan(prompt, maxTokens: 0)
        plan.gradients = try resident.attributor.plan(gradients, length: prompt.ids.count)
        return plan
    }

    /// Runs that must end before changes are known: for the body's own and for its `variants`' the baseline whose
    /// attention they rank, and the prefills that states are read from, which are taken to be as long as this prompt.
    func preparations(
        _ prompt: PreparedPrompt,
        maxTokens: Int,
        variants: [Intervention] = []
    ) throws -> [CostPlan.Run] {
        let prefills = (chat.interventions + variants).filter { $0.need(parameter: "") != nil }.map { _ in
            CostPlan.Run(promptLength: prompt.layout.length, maxTokens: 0)
        }
        guard !prompt.layout.images.isEmpty else { return prefills }
        let capture = try AttentionCapture(
            AttentionRequest(),
            layout: prompt.layout,
            shape: resident.model.probeShape,
            maxTokens: max(1, maxTokens)
        )
        let ranking = CostPlan.Run(
            promptLength: prompt.layout.length,
            maxTokens: max(1, maxTokens),
            recordedNumbers: capture.numberCount
        )
        let ranked = [chat.interventions, variants].filter { $0.contains(where: \.needsRanking) }
        return ranked.map { _ in ranking } + prefills
    }

    /// Arrays of these sizes as the answer would carry them.
    func answer(carrying counts: [Int]) -> CostPlan.Answer {
        counts.reduce(into: CostPlan.Answer()) { answer, count in
            if chat.encoding == .json, count <= ArrayEncoding.limit {
                answer.spelled += count
            } else {
                answer.encoded += count
            }
        }
    }

    /// The run of a variant that shares with its baseline what its changes leave alone; `nil` for changes that are not
    /// known yet, which are taken to leave nothing alone.
    func variant(of baseline: CostPlan.Run, changing changes: ResolvedInterventions?) -> CostPlan.Run {
        var run = baseline
        guard let changes else { return run }
        let depth = resident.model.probeShape.layers
        run.sharedRows = min(changes.firstAffectedPosition ?? .max, baseline.promptLength - 1)
        run.layerShare = Double(depth - (changes.firstAffectedLayer ?? depth)) / Double(depth)
        return run
    }

    /// A baseline and its variants. Changes that only a run of the model could resolve are taken to share nothing.
    func plan(
        _ prompt: PreparedPrompt,
        maxTokens: Int,
        variants: [(interventions: [Intervention], paths: [String])]
    ) async -> CostPlan {
        var plan = plan(prompt, maxTokens: maxTokens)
        for variant in variants {
            let needsRun = variant.interventions.contains { $0.needsRanking || $0.need(parameter: "") != nil }
            let changes =
                needsRun ? nil : try? await resolve(variant.interventions, paths: variant.paths, prompt: prompt)
            plan.variants.append(self.variant(of: plan.baseline, changing: changes))
        }
        return plan
    }

    /// What a plan is predicted to cost.
    func estimate(_ plan: CostPlan) async -> CostEstimate {
        resident.costs.estimate(plan, rates: await resident.engine.measuredRates())
    }

    /// Refuses a plan whose keys and values or gradients would not fit or that would take longer than the server's owner allows.
    func check(_ plan: CostPlan) async throws {
        let budget = resident.engine.cacheBudget
        let bytes = resident.costs.estimate(plan, rates: RateMeter.Rates()).cacheBytes
        guard bytes <= budget else { throw MemoryError(needed: bytes, budget: budget) }
        try plan.gradients?.check(budget: budget)
        guard let seconds = resident.timeBudget else { return }
        let predicted = await estimate(plan).seconds
        guard predicted <= seconds else { throw TimeBudgetError(seconds: predicted, budget: seconds) }
    }
}
