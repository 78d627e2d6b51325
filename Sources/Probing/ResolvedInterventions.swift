public import Models
public import Tensors

/// Every intervention of one run, with spans, layers and heads as numbers: what the engine applies.
public struct ResolvedInterventions: Sendable, Equatable {
    /// Edges to cut.
    public var knockouts: [ResolvedKnockout]
    /// Input embeddings to replace.
    public var ablations: [ResolvedAblation]

    /// Interventions that are known by number; none of them is the baseline.
    public init(knockouts: [ResolvedKnockout] = [], ablations: [ResolvedAblation] = []) {
        self.knockouts = knockouts
        self.ablations = ablations
    }

    /// Resolves interventions against a prompt whose pictures have `images` as embeddings; `paths` are where they
    /// stand in the request.
    public static func resolve(
        _ interventions: [Intervention],
        paths: [String],
        layout: PromptLayout,
        images: [Matrix],
        model: VisionLanguageModel
    ) throws(ProbeError) -> ResolvedInterventions {
        var resolved = ResolvedInterventions()
        for (intervention, path) in zip(interventions, paths) {
            let knockout = try ResolvedKnockout.resolve(
                intervention,
                layout: layout,
                shape: model.probeShape,
                parameter: path
            )
            let ablation = try ResolvedAblation.resolve(
                intervention,
                layout: layout,
                images: images,
                model: model,
                parameter: path
            )
            if let knockout { resolved.knockouts.append(knockout) }
            if let ablation { resolved.ablations.append(ablation) }
        }
        return resolved
    }

    /// Both; those of `left` act first.
    public static func + (left: ResolvedInterventions, right: ResolvedInterventions) -> ResolvedInterventions {
        ResolvedInterventions(
            knockouts: left.knockouts + right.knockouts,
            ablations: left.ablations + right.ablations
        )
    }

    /// Whether the run is a baseline.
    public var isEmpty: Bool { knockouts.isEmpty && ablations.isEmpty }

    /// The first position whose result can differ from the baseline's; `nil` if none can.
    public var firstAffectedPosition: Int? {
        (knockouts.compactMap(\.receivers.first) + ablations.compactMap(\.positions.first)).min()
    }

    /// The first block that can compute something else than in the baseline, 0 for a change of the embeddings; `nil`
    /// if none can. What enters this block before any change at its own sites is the baseline's, bit for bit.
    public var firstAffectedLayer: Int? {
        (knockouts.compactMap(\.layers.first) + ablations.filter { !$0.positions.isEmpty }.map { _ in 0 }).min()
    }

    /// The layers that were selected, ascending.
    public var layers: [Int] { Set(knockouts.flatMap(\.layers)).sorted() }
}
