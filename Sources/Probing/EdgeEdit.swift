public import Models

/// A change of attention edges whose spans, layers and heads are numbers: what receivers see of sources is multiplied.
///
/// Before the softmax the factor multiplies the unnormalised weight `exp(score)`, that is, its logarithm is added to the
/// score, and the rest renormalises; after it the probability is multiplied and what is missing stays missing. A factor
/// of 0 cuts the edge.
public struct EdgeEdit: Sendable, Equatable {
    /// Layers it acts in, ascending.
    public let layers: [Int]
    /// Rows that lose edges.
    public let receivers: PositionSet
    /// Columns they lose.
    public let sources: PositionSet
    /// Query heads it acts on, ascending.
    public let heads: [Int]
    /// Before or after the softmax.
    public let mode: KnockoutMode
    /// How much of an edge is left; 0 cuts it.
    public let factor: Float

    /// A change of edges that are known by number.
    public init(
        layers: [Int],
        receivers: PositionSet,
        sources: PositionSet,
        heads: [Int],
        mode: KnockoutMode,
        factor: Float = 0
    ) {
        self.layers = layers
        self.receivers = receivers
        self.sources = sources
        self.heads = heads
        self.mode = mode
        self.factor = factor
    }

    /// The first receiver that could have seen a source; `nil` if there is none.
    public var firstAffectedPosition: Int? {
        guard let source = sources.first, !layers.isEmpty, !heads.isEmpty else { return nil }
        return receivers.first(from: source)
    }

    /// Why it changes nothing, if no receiver can see a source.
    public var warning: String? {
        guard firstAffectedPosition == nil, let source = sources.first, let receiver = receivers.promptPositions.last
        else { return nil }
        return
            "there are no edges from positions \(source) and later to \(receiver) and earlier, as no position attends to "
            + "a later one; nothing changes"
    }

    /// Resolves a change of edges against a prompt and a model, `nil` for other interventions; `parameter` is its path
    /// in the request.
    public static func resolve(
        _ intervention: Intervention,
        layout: PromptLayout,
        shape: ProbeShape,
        parameter: String
    ) throws(ProbeError) -> EdgeEdit? {
        switch intervention {
        case .preset(let preset, let layers):
            return try preset.edges(layers, layout, shape, parameter)
        case .knockout(let from, let to, let layers, let heads, let mode):
            return try edges(from, to, layers, heads, mode, 0, layout, shape, parameter)
        case .scale(let from, let to, let layers, let heads, let mode, let factor):
            return try edges(from, to, layers, heads, mode, factor, layout, shape, parameter)
        case .tokenAblation, .headAblation, .projectAway, .patch: return nil
        }
    }

    // MARK: - Private

    private static func edges(
        _ from: SpanSelector,
        _ to: SpanSelector,
        _ layers: LayerSelector,
        _ heads: HeadSelector,
        _ mode: KnockoutMode,
        _ factor: Float,
        _ layout: PromptLayout,
        _ shape: ProbeShape,
        _ parameter: String
    ) throws(ProbeError) -> EdgeEdit {
        EdgeEdit(
            layers: try layers.resolved(count: shape.layers, parameter: "\(parameter).layers"),
            receivers: try to.resolved(in: layout, parameter: "\(parameter).to"),
            sources: try from.resolved(in: layout, parameter: "\(parameter).from"),
            heads: try heads.resolved(count: shape.heads, parameter: "\(parameter).heads"),
            mode: mode,
            factor: factor
        )
    }
}

extension KnockoutPreset {
    fileprivate func edges(
        _ layers: LayerSelector,
        _ layout: PromptLayout,
        _ shape: ProbeShape,
        _ parameter: String
    ) throws(ProbeError) -> EdgeEdit {
        guard !layout.images.isEmpty else {
            throw .unsupported(parameter, "\"\(rawValue)\" needs a picture; the prompt has none")
        }
        let readers = self == .imageToGenerated ? [] : layout.positions(named: "post_image") ?? []
        return EdgeEdit(
            layers: try layers.resolved(count: shape.layers, parameter: "\(parameter).layers"),
            receivers: PositionSet(length: layout.length, positions: readers, generated: self != .imageToText),
            sources: try SpanSelector.named("image").resolved(in: layout, parameter: parameter),
            heads: Array(0..<shape.heads),
            mode: .preSoftmax
        )
    }
}
