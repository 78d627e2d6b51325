import Models

extension SpanSelector {
    /// Whether the span depends on what each layer attends to.
    public var needsRanking: Bool {
        switch self {
        case .topAttended: true
        case .union(let parts), .intersect(let parts): parts.contains(where: \.needsRanking)
        case .minus(let all, let removed): all.needsRanking || removed.needsRanking
        case .random(_, let pool, _): pool.needsRanking
        case .dilated(let span, _): span.needsRanking
        case .named, .indices, .range, .patches, .box, .polygon, .mask, .rows, .register: false
        }
    }

    /// The same span with every `top_attended` in it replaced by the positions that it means in one layer.
    func ranked(
        by ranking: AttentionRanking,
        layer: Int,
        in layout: PromptLayout,
        parameter: String
    ) throws(ProbeError) -> SpanSelector {
        func ranked(_ span: SpanSelector) throws(ProbeError) -> SpanSelector {
            try span.ranked(by: ranking, layer: layer, in: layout, parameter: parameter)
        }
        func each(_ spans: [SpanSelector]) throws(ProbeError) -> [SpanSelector] {
            var result: [SpanSelector] = []
            for span in spans { result.append(try ranked(span)) }
            return result
        }
        switch self {
        case .topAttended(let amount, let pool):
            let candidates = try ranked(pool).resolved(in: layout, parameter: parameter).promptPositions
            if let other = candidates.first(where: { !ranking.ranks($0) }) {
                throw .unsupported(parameter, "top_attended ranks image tokens, and position \(other) is none")
            }
            let count = try amount.count(of: candidates.count, parameter: parameter)
            return .indices(ranking.top(count, of: candidates, layer: layer))
        case .union(let parts): return .union(try each(parts))
        case .intersect(let parts): return .intersect(try each(parts))
        case .minus(let all, let removed): return .minus(try ranked(all), try ranked(removed))
        case .random(let count, let pool, let seed): return .random(count, of: try ranked(pool), seed: seed)
        case .dilated(let span, let steps): return .dilated(try ranked(span), by: steps)
        case .named, .indices, .range, .patches, .box, .polygon, .mask, .rows, .register: return self
        }
    }
}
