public import Models

/// The size of what probes act on.
public struct ProbeShape: Sendable, Equatable {
    /// Decoder layers, L.
    public let layers: Int
    /// Query heads, H.
    public let heads: Int

    /// A decoder of `layers` blocks with `heads` query heads.
    public init(layers: Int, heads: Int) {
        self.layers = layers
        self.heads = heads
    }
}

/// A knockout whose spans, layers and heads are numbers.
public struct ResolvedKnockout: Sendable, Equatable {
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

    /// A knockout of edges that are known by number.
    public init(layers: [Int], receivers: PositionSet, sources: PositionSet, heads: [Int], mode: KnockoutMode) {
        self.layers = layers
        self.receivers = receivers
        self.sources = sources
        self.heads = heads
        self.mode = mode
    }

    /// Resolves a knockout against a prompt and a model, `nil` for other interventions; `parameter` is its path in the
    /// request.
    public static func resolve(
        _ intervention: Intervention,
        layout: PromptLayout,
        shape: ProbeShape,
        parameter: String
    ) throws(ProbeError) -> ResolvedKnockout? {
        let layers = try intervention.layers.resolved(count: shape.layers, parameter: "\(parameter).layers")
        switch intervention {
        case .tokenAblation: return nil
        case .preset(let preset, _):
            guard !layout.images.isEmpty else {
                throw .unsupported(parameter, "\"\(preset.rawValue)\" needs a picture; the prompt has none")
            }
            let image = try SpanSelector.named("image").resolved(in: layout, parameter: parameter)
            let readers = preset == .imageToGenerated ? [] : layout.positions(named: "post_image") ?? []
            return ResolvedKnockout(
                layers: layers,
                receivers: PositionSet(
                    length: layout.length,
                    positions: readers,
                    generated: preset != .imageToText
                ),
                sources: image,
                heads: Array(0..<shape.heads),
                mode: .preSoftmax
            )
        case .knockout(let from, let to, _, let heads, let mode):
            return ResolvedKnockout(
                layers: layers,
                receivers: try to.resolved(in: layout, parameter: "\(parameter).to"),
                sources: try from.resolved(in: layout, parameter: "\(parameter).from"),
                heads: try heads.resolved(count: shape.heads, parameter: "\(parameter).heads"),
                mode: mode
            )
        }
    }
}

extension VisionLanguageModel {
    /// The size of what probes act on.
    public var probeShape: ProbeShape {
        ProbeShape(layers: decoder.configuration.layers, heads: decoder.configuration.heads)
    }
}
