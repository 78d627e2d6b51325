import Models

/// Every intervention of one run, with spans, layers and heads as numbers: what the engine applies.
public struct ResolvedInterventions: Sendable, Equatable {
    /// Edges of attention to cut or scale.
    public var edges: [EdgeEdit]
    /// States to change, those of one site in this order.
    public var states: [StateEdit]

    /// Interventions that are known by number; none of them is the baseline.
    public init(edges: [EdgeEdit] = [], states: [StateEdit] = []) {
        self.edges = edges
        self.states = states
    }

    /// Resolves interventions; `paths` are where they stand in the request.
    public static func resolve(
        _ interventions: [Intervention],
        paths: [String],
        in context: InterventionContext
    ) throws(ProbeError) -> ResolvedInterventions {
        var resolved = ResolvedInterventions()
        for (intervention, path) in zip(interventions, paths) {
            let edges = try EdgeEdit.resolve(
                intervention,
                layout: context.layout,
                shape: context.model.probeShape,
                parameter: path
            )
            if let edges { resolved.edges.append(edges) }
            resolved.states += try StateEdit.resolve(intervention, in: context, parameter: path)
        }
        return resolved
    }

    /// Both; those of `left` act first.
    public static func + (left: ResolvedInterventions, right: ResolvedInterventions) -> ResolvedInterventions {
        ResolvedInterventions(edges: left.edges + right.edges, states: left.states + right.states)
    }

    /// Whether the run is a baseline.
    public var isEmpty: Bool { edges.isEmpty && states.isEmpty }

    /// The first position whose result can differ from the baseline's; `nil` if none can.
    public var firstAffectedPosition: Int? {
        (edges.compactMap(\.firstAffectedPosition) + states.compactMap(\.positions.first)).min()
    }

    /// The first block that can compute something else than in the baseline, 0 for a change of the embeddings; `nil`
    /// if none can. What enters this block before any change at its own sites is the baseline's, bit for bit.
    public var firstAffectedLayer: Int? {
        let edges = edges.filter { $0.firstAffectedPosition != nil }.compactMap(\.layers.first)
        let states = states.filter { !$0.positions.isEmpty }.map(\.firstAffectedLayer)
        return (edges + states).min()
    }

    /// What there is to say of changes that change nothing, each once.
    public var warnings: [String] {
        var seen: Set<String> = []
        return edges.compactMap(\.warning).filter { seen.insert($0).inserted }
    }

    /// The layers that were selected, ascending; embeddings are in none.
    public var layers: [Int] { Set(edges.flatMap(\.layers) + states.compactMap(\.site.layer)).sorted() }
}
