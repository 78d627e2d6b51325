public import Models

extension Intervention {
    /// Whether a span of it depends on what each layer attends to, so that it has to be `ranked` before it is resolved.
    public var needsRanking: Bool { spans.contains(where: \.needsRanking) }

    /// The intervention as one for each of its layers, whose spans are those that the layer attends to.
    public func ranked(
        by ranking: AttentionRanking,
        layout: PromptLayout,
        shape: ProbeShape,
        parameter: String
    ) throws(ProbeError) -> [Intervention] {
        guard needsRanking else { return [self] }
        guard let selector = rankedLayers else {
            throw .unsupported(
                parameter,
                "top_attended means other positions in each layer, and this acts before the first one; name a layer as "
                    + "its site"
            )
        }
        var result: [Intervention] = []
        for layer in try selector.resolved(count: shape.layers, parameter: "\(parameter).layers") {
            let limited = limited(to: .list([layer]))
            result.append(
                try limited.mapSpans { key, span throws(ProbeError) in
                    try span.ranked(by: ranking, layer: layer, in: layout, parameter: "\(parameter).\(key)")
                }
            )
        }
        return result
    }

    // MARK: - Private

    /// The layers that it acts in; `nil` if it acts before or behind all of them.
    private var rankedLayers: LayerSelector? {
        switch self {
        case .tokenAblation(_, _, let layer) where layer == nil: nil
        case .patch(let patch) where patch.site.layer == nil: nil
        default: layers
        }
    }

    private var spans: [SpanSelector] {
        switch self {
        case .preset: []
        case .knockout(let from, let to, _, _, _), .scale(let from, let to, _, _, _, _): [from, to]
        case .tokenAblation(let tokens, _, _), .projectAway(let tokens, _, _, _, _): [tokens]
        case .headAblation(_, _, let positions): [positions].compactMap { $0 }
        case .patch(let patch): [patch.positions, patch.sourcePositions]
        }
    }

    /// The same with other spans; `transform` gets the field that each stands in.
    private func mapSpans(
        _ transform: (_ key: String, SpanSelector) throws(ProbeError) -> SpanSelector
    ) throws(ProbeError) -> Intervention {
        switch self {
        case .preset: return self
        case .knockout(let from, let to, let layers, let heads, let mode):
            return .knockout(
                from: try transform("from", from),
                to: try transform("to", to),
                layers: layers,
                heads: heads,
                mode
            )
        case .scale(let from, let to, let layers, let heads, let mode, let factor):
            return .scale(
                from: try transform("from", from),
                to: try transform("to", to),
                layers: layers,
                heads: heads,
                mode,
                factor: factor
            )
        case .tokenAblation(let tokens, let replacement, let layer):
            return .tokenAblation(try transform("tokens", tokens), replacement, layer: layer)
        case .headAblation(let layers, let heads, let positions):
            guard let positions else { return self }
            return .headAblation(layers: layers, heads: heads, positions: try transform("positions", positions))
        case .projectAway(let tokens, let direction, let layers, let weight, let onlyPositive):
            return .projectAway(
                try transform("tokens", tokens),
                direction,
                layers: layers,
                weight: weight,
                onlyPositive: onlyPositive
            )
        case .patch(let patch):
            return .patch(
                ActivationPatch(
                    site: patch.site,
                    positions: try transform("positions", patch.positions),
                    source: patch.source,
                    sourcePositions: try transform("source_positions", patch.sourcePositions)
                )
            )
        }
    }
}
