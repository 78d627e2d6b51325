import JSON
import Models

/// A change to what the model attends to, is given or computes.
public enum Intervention: Sendable {
    /// P2's three knockouts by name.
    case preset(KnockoutPreset, layers: LayerSelector)
    /// Receivers `to` cannot attend to sources `from`.
    case knockout(from: SpanSelector, to: SpanSelector, layers: LayerSelector, heads: HeadSelector, KnockoutMode)
    /// Receivers `to` attend `factor` times as much to sources `from`.
    case scale(
        from: SpanSelector,
        to: SpanSelector,
        layers: LayerSelector,
        heads: HeadSelector,
        KnockoutMode,
        factor: Float
    )
    /// Tokens' states are replaced: their input embeddings, or what enters block `layer`.
    case tokenAblation(SpanSelector, Replacement, layer: Int? = nil)
    /// Heads hand out zeros instead of their mix of values, at `positions` or everywhere.
    case headAblation(layers: LayerSelector, heads: HeadSelector, positions: SpanSelector?)
    /// A direction is removed from what enters blocks.
    case projectAway(SpanSelector, ProjectionDirection, layers: LayerSelector, weight: Float, onlyPositive: Bool)
    /// States of another run are written.
    case patch(ActivationPatch)

    /// Interventions of one run at most.
    public static let maximumCount = 64

    /// The kinds there are.
    public static let kinds = [
        "attention_knockout", "token_ablation", "head_ablation", "attention_scale", "project_away", "activation_patch",
    ]

    /// Reads a list of interventions; a bare string stands for a list of one.
    public static func list(_ field: ProbeField) throws(ProbeError) -> [Intervention] {
        if field.value.string != nil { return [try Intervention(field)] }
        var result: [Intervention] = []
        let elements = try field.elements()
        guard elements.count <= maximumCount else {
            throw .invalid(
                field.path,
                "holds \(elements.count) interventions; at most \(maximumCount) are applied together"
            )
        }
        for element in elements { result.append(try Intervention(element)) }
        return result
    }

    /// The same on other layers; those that name a layer as part of a site stay there.
    public func limited(to layers: LayerSelector) -> Intervention {
        switch self {
        case .preset(let preset, _): .preset(preset, layers: layers)
        case .knockout(let from, let to, _, let heads, let mode):
            .knockout(from: from, to: to, layers: layers, heads: heads, mode)
        case .scale(let from, let to, _, let heads, let mode, let factor):
            .scale(from: from, to: to, layers: layers, heads: heads, mode, factor: factor)
        case .headAblation(_, let heads, let positions):
            .headAblation(layers: layers, heads: heads, positions: positions)
        case .projectAway(let tokens, let direction, _, let weight, let onlyPositive):
            .projectAway(tokens, direction, layers: layers, weight: weight, onlyPositive: onlyPositive)
        case .tokenAblation, .patch: self
        }
    }

    /// The preset's name, or its kind.
    public var name: String {
        switch self {
        case .preset(let preset, _): preset.rawValue
        case .knockout: "attention_knockout"
        case .scale: "attention_scale"
        case .tokenAblation: "token_ablation"
        case .headAblation: "head_ablation"
        case .projectAway: "project_away"
        case .patch: "activation_patch"
        }
    }

    /// The layers it asks for.
    public var layers: LayerSelector {
        switch self {
        case .preset(_, let layers), .knockout(_, _, let layers, _, _), .scale(_, _, let layers, _, _, _),
            .headAblation(let layers, _, _), .projectAway(_, _, let layers, _, _):
            layers
        case .tokenAblation(_, _, let layer): layer.map { .list([$0]) } ?? .all
        case .patch(let patch): patch.site.layer.map { .list([$0]) } ?? .all
        }
    }
}
