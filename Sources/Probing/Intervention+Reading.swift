import JSON

extension Intervention {
    /// Reads an intervention; a bare string is a preset on all layers.
    public init(_ field: ProbeField) throws(ProbeError) {
        if field.value.string != nil {
            self = .preset(try KnockoutPreset(field), layers: .all)
            return
        }
        guard field.value.object != nil else {
            throw .invalid(field.path, "must be an intervention or a preset's name, not \(field.value.kind)")
        }
        let kind = try field.required("kind")
        switch try kind.string() {
        case "attention_knockout": self = try Self.knockout(field)
        case "attention_scale": self = try Self.scale(field)
        case "token_ablation": self = try Self.ablation(field)
        case "head_ablation": self = try Self.heads(field)
        case "project_away": self = try Self.projection(field)
        case "activation_patch": self = .patch(try ActivationPatch(field))
        case let name:
            throw .invalid(
                kind.path,
                "\"\(name)\" is not supported; supported are \(Self.kinds.joined(separator: ", "))"
            )
        }
    }

    // MARK: - Private

    private static func layers(_ field: ProbeField) throws(ProbeError) -> LayerSelector {
        try field.member("layers").map { value throws(ProbeError) in try LayerSelector(value) } ?? .all
    }

    private static func heads(_ field: ProbeField, default all: HeadSelector) throws(ProbeError) -> HeadSelector {
        try field.member("heads").map { value throws(ProbeError) in try HeadSelector(value) } ?? all
    }

    private static func mode(_ field: ProbeField) throws(ProbeError) -> KnockoutMode {
        try field.member("mode").map { value throws(ProbeError) in try KnockoutMode(value) } ?? .preSoftmax
    }

    private static func knockout(_ field: ProbeField) throws(ProbeError) -> Intervention {
        if let preset = field.member("preset") {
            return .preset(try KnockoutPreset(preset), layers: try layers(field))
        }
        return .knockout(
            from: try SpanSelector(field.required("from")),
            to: try SpanSelector(field.required("to")),
            layers: try layers(field),
            heads: try heads(field, default: .all),
            try mode(field)
        )
    }

    private static func scale(_ field: ProbeField) throws(ProbeError) -> Intervention {
        let factor = try field.required("factor")
        return .scale(
            from: try SpanSelector(field.required("from")),
            to: try SpanSelector(field.required("to")),
            layers: try layers(field),
            heads: try heads(field, default: .all),
            try mode(field),
            factor: Float(try factor.number(in: 0...1e6))
        )
    }

    private static func ablation(_ field: ProbeField) throws(ProbeError) -> Intervention {
        var layer: Int?
        if let site = field.member("site"), site.value != "embeddings" {
            guard site.value.object != nil else {
                throw .invalid(site.path, "must be \"embeddings\" or {\"layer\":l}, not \(site.value.kind)")
            }
            layer = try site.required("layer").integer()
        }
        return .tokenAblation(try SpanSelector(field.required("tokens")), try Replacement(field), layer: layer)
    }

    private static func heads(_ field: ProbeField) throws(ProbeError) -> Intervention {
        .headAblation(
            layers: try layers(field),
            heads: try HeadSelector(try field.required("heads")),
            positions: try field.member("positions").map { span throws(ProbeError) in try SpanSelector(span) }
        )
    }

    private static func projection(_ field: ProbeField) throws(ProbeError) -> Intervention {
        .projectAway(
            try SpanSelector(field.required("tokens")),
            try ProjectionDirection(field.required("direction")),
            layers: try layers(field),
            weight: Float(try field.member("weight")?.number(in: -1e6...1e6) ?? 1),
            onlyPositive: try field.member("only_positive")?.flag() ?? true
        )
    }
}
