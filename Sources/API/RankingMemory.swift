import Generation
import Probing

/// What baselines attend to, kept for one request, whose variants all rank by the same one.
actor RankingMemory {
    private var known: [(interventions: ResolvedInterventions, ranking: AttentionRanking)] = []

    /// The ranking of a run of the request's prompt.
    func ranking(of run: GenerationRequest, engine: InferenceEngine) async throws -> AttentionRanking {
        if let hit = known.first(where: { $0.interventions == run.interventions }) { return hit.ranking }
        guard let ranking = try await engine.ranking(of: run) else { throw CancellationError() }
        known.append((run.interventions, ranking))
        return ranking
    }
}
