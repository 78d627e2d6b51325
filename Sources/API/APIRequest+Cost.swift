import Generation
import JSON
import Models
import Probing

extension APIRequest {
    /// The plan of one run of `prompt` and of those that must end before the changes of the body are known.
    func plan(
        _ prompt: PreparedPrompt,
        maxTokens: Int,
        recordedNumbers: Int = 0,
        headRows: Int = 0
    ) throws -> CostPlan {
        var run = CostPlan.Run(promptLength: prompt.layout.length, maxTokens: maxTokens)
        run.recordedNumbers = recordedNumbers
        run.headRows = headRows
        var plan = CostPlan(pictureTokens: 0, baseline: run)
        plan.preparations = try preparations(of: chat.interventions, paths: interventionPaths, prompt)
        return plan
    }

    /// The plan of gradients at the end of `prompt`.
    func plan(_ prompt: PreparedPrompt, gradients: AttributionRequest) throws -> CostPlan {
        _ = try gradients.positions.resolved(in: prompt.layout, parameter: "gradients.positions")
        var plan = try plan(prompt, maxTokens: 0)
        plan.gradients = try resident.attributor.plan(gradients, length: prompt.ids.count)
        return plan
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

    /// A baseline and its variants. Changes that only a run of the model could resolve are taken to share nothing.
    func plan(
        _ prompt: PreparedPrompt,
        maxTokens: Int,
        variants: [(interventions: [Intervention], paths: [String])]
    ) async throws -> CostPlan {
        var plan = try plan(prompt, maxTokens: maxTokens)
        plan.preparations += try preparations(
            of: variants.flatMap { $0.interventions },
            paths: variants.flatMap { $0.paths },
            prompt
        )
        for variant in variants {
            let needsRun = variant.interventions.contains { $0.needsRanking || $0.need(parameter: "") != nil }
            let changes =
                needsRun ? nil : try await resolve(variant.interventions, paths: variant.paths, prompt: prompt)
            plan.variants.append(self.variant(of: plan.baseline, changing: changes))
        }
        return plan
    }

    // MARK: - Private

    /// The run of a variant that shares with its baseline what its changes leave alone; `nil` for changes that are not
    /// known yet, which are taken to leave nothing alone.
    private func variant(of baseline: CostPlan.Run, changing changes: ResolvedInterventions?) -> CostPlan.Run {
        var run = baseline
        guard let changes else { return run }
        let depth = resident.model.probeShape.layers
        run.sharedRows = min(changes.firstAffectedPosition ?? .max, baseline.promptLength - 1)
        run.layerShare = Double(depth - (changes.firstAffectedLayer ?? depth)) / Double(depth)
        return run
    }

    /// Runs that must end before these interventions are known: the one baseline whose attention they rank, and the
    /// prefills that states are read from, which are taken to be as long as this prompt.
    private func preparations(
        of interventions: [Intervention],
        paths: [String],
        _ prompt: PreparedPrompt
    ) throws -> [CostPlan.Run] {
        let prefills = interventions.compactMap { $0.need(parameter: "") }.map { prefill($0, prompt) }
        // Without a picture there is nothing to rank, which is for the one who resolves the span to say.
        guard let first = interventions.firstIndex(where: \.needsRanking), !prompt.layout.images.isEmpty else {
            return prefills
        }
        var ranking = CostPlan.Run(promptLength: prompt.layout.length, maxTokens: max(1, try tokenLimit(prompt)))
        do {
            let capture = try AttentionCapture(
                AttentionRequest(),
                layout: prompt.layout,
                shape: resident.model.probeShape,
                maxTokens: ranking.maxTokens
            )
            ranking.recordedNumbers = capture.numberCount
        } catch {
            throw ProbeError.unsupported(
                paths[first],
                "top_attended ranks what all of the answer attends to; \(error.message)"
            )
        }
        return [ranking] + prefills
    }

    /// A prefill that keeps states. What is wrong with them is for the one who reads them to say.
    private func prefill(_ need: StateNeed, _ prompt: PreparedPrompt) -> CostPlan.Run {
        var run = CostPlan.Run(promptLength: prompt.layout.length, maxTokens: 0)
        let capture = try? StateCapture(
            [need.site],
            parameters: [need.siteParameter],
            positions: need.positions.resolved(in: prompt.layout, parameter: need.parameter),
            decoder: resident.model.decoder,
            maxTokens: 0
        )
        run.recordedNumbers = capture?.count(maxTokens: 0) ?? 0
        return run
    }
}
