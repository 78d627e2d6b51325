import Generation
import Models
import Probing
import Tensors

extension APIRequest {
    /// Interventions with everything in them resolved; `paths` are where they stand in the body. What a patch takes
    /// from another run is run here, and so is the baseline, which acts on `beside` alone, where they rank its attention.
    func resolve(
        _ interventions: [Intervention],
        paths: [String],
        prompt: PreparedPrompt,
        beside: ResolvedInterventions = ResolvedInterventions()
    ) async throws -> ResolvedInterventions {
        let (interventions, paths) = try await ranked(interventions, paths, prompt, beside)
        var context = InterventionContext(
            layout: prompt.layout,
            ids: prompt.ids,
            images: prompt.images,
            model: resident.model
        )
        for (intervention, path) in zip(interventions, paths) {
            if let word = intervention.word, context.words[word] == nil {
                context.words[word] = try await firstTokens([word], paths: ["\(path).direction.word"]).first
            }
            if let need = intervention.need(parameter: path) {
                context.states[path] = try await states(need, prompt: prompt)
            }
        }
        return try ResolvedInterventions.resolve(interventions, paths: paths, in: context)
    }

    // MARK: - Private

    /// Interventions that rank attention as one for each layer, the others as they are.
    private func ranked(
        _ interventions: [Intervention],
        _ paths: [String],
        _ prompt: PreparedPrompt,
        _ beside: ResolvedInterventions
    ) async throws -> (interventions: [Intervention], paths: [String]) {
        guard let first = interventions.firstIndex(where: \.needsRanking) else { return (interventions, paths) }
        guard !prompt.layout.images.isEmpty, prompt.images.count == prompt.layout.images.count else {
            let reason = prompt.layout.images.isEmpty ? "the prompt has none" : "a kept context has them behind it"
            throw ProbeError.unsupported(paths[first], "top_attended ranks the tokens of pictures; \(reason)")
        }
        var baseline = GenerationRequest(prompt: prompt, maxTokens: try tokenLimit(prompt))
        baseline.sampling = chat.sampling
        baseline.stop = chat.stop
        baseline.interventions = beside
        let ranking = try await rankings.ranking(of: baseline, engine: resident.engine)
        var result: (interventions: [Intervention], paths: [String]) = ([], [])
        for (intervention, path) in zip(interventions, paths) {
            let each = try intervention.ranked(
                by: ranking,
                layout: prompt.layout,
                shape: resident.model.probeShape,
                parameter: path
            )
            result.interventions += each
            result.paths += each.map { _ in path }
        }
        return result
    }

    /// Runs a prompt, this one's or the need's own, and reads the states.
    private func states(_ need: StateNeed, prompt: PreparedPrompt) async throws -> [[Float]] {
        var run = GenerationRequest(prompt: prompt, maxTokens: 0)
        if let source = need.source {
            run = try await self.run(of: source)
        } else if prompt.images.count < prompt.layout.images.count {
            throw ProbeError.unsupported(need.siteParameter, "needs the pictures, which a kept context has behind it")
        }
        let positions = try need.positions.promptPositions(in: run.prompt.layout, parameter: need.parameter)
        run.states = try StateCapture(
            [need.site],
            parameters: [need.siteParameter],
            positions: positions,
            decoder: resident.model.decoder,
            maxTokens: 0
        )
        try resident.engine.checkMemory(for: run)
        return try await result(of: run).states?.rows[need.site] ?? []
    }

    /// The prefill of another chat body, which may have interventions, but none that need runs of their own.
    private func run(of source: ProbeField) async throws -> GenerationRequest {
        do {
            let other = try await WorkQueue.run {
                let chat = try ChatBody(source, residentModel: resident.name)
                let images = try chat.images.map { try ImageSource.resolve($0, store: resident.images) }
                return APIRequest(resident: resident, chat: chat, images: images, form: form, place: place)
            }
            let paths = other.interventionPaths.map { "\(source.path).\($0)" }
            for (intervention, path) in zip(other.chat.interventions, paths)
            where intervention.need(parameter: path) != nil {
                throw ProbeError.unsupported(path, "needs a run of its own; the interventions of a source must not")
            }
            var run = GenerationRequest(prompt: try await other.prepare(), maxTokens: 0)
            run.interventions = try await other.resolve(other.chat.interventions, paths: paths, prompt: run.prompt)
            return run
        } catch let error as PromptError where !error.parameter.hasPrefix(source.path) {
            throw error.within(source.path)
        }
    }
}
