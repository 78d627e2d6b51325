import JSON

/// A change to what the model may attend to or to what it is given.
public enum Intervention: Sendable {
    /// P2's three knockouts by name.
    case preset(KnockoutPreset, layers: LayerSelector)
    /// Receivers `to` cannot attend to sources `from`.
    case knockout(from: SpanSelector, to: SpanSelector, layers: LayerSelector, heads: HeadSelector, KnockoutMode)
    /// Input embeddings are replaced.
    case tokenAblation(SpanSelector, Replacement)

    /// Reads an intervention; a bare string is a preset on all layers.
    public init(_ field: ProbeField) throws(ProbeError) {
        if field.value.string != nil {
            self = .preset(try KnockoutPreset(field), layers: .all)
            return
        }
        guard field.value.object != nil else {
            throw .invalid(field.path, "must be an intervention or a preset's name, not \(field.value.kind)")
        }
        let kind = try field.required("kind").string()
        switch kind {
        case "attention_knockout": self = try Self.knockout(field)
        case "token_ablation": self = try Self.ablation(field)
        default:
            let message = "\"\(kind)\" is not supported; supported are \(Self.kinds.joined(separator: ", "))"
            let path = "\(field.path).kind"
            throw Self.laterKinds.contains(kind) ? .unsupported(path, message) : .invalid(path, message)
        }
    }

    /// Interventions of one run at most.
    public static let maximumCount = 64

    /// The kinds that are supported.
    public static let kinds = ["attention_knockout", "token_ablation"]

    /// Kinds that have a meaning but no implementation yet.
    private static let laterKinds = ["head_ablation", "attention_scale", "project_away", "activation_patch"]

    private static func knockout(_ field: ProbeField) throws(ProbeError) -> Intervention {
        let layers = try field.member("layers").map { value throws(ProbeError) in try LayerSelector(value) } ?? .all
        if let preset = field.member("preset") {
            return .preset(try KnockoutPreset(preset), layers: layers)
        }
        return .knockout(
            from: try SpanSelector(field.required("from")),
            to: try SpanSelector(field.required("to")),
            layers: layers,
            heads: try field.member("heads").map { value throws(ProbeError) in try HeadSelector(value) } ?? .all,
            try field.member("mode").map { value throws(ProbeError) in try KnockoutMode(value) } ?? .preSoftmax
        )
    }

    private static func ablation(_ field: ProbeField) throws(ProbeError) -> Intervention {
        if let site = field.member("site"), site.value != "embeddings" {
            throw .unsupported(site.path, "only \"embeddings\" is supported by this version")
        }
        return .tokenAblation(
            try SpanSelector(field.required("tokens")),
            try field.member("replace").map { value throws(ProbeError) in try Replacement(value) } ?? .mean
        )
    }

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

    /// The same on other layers.
    public func limited(to layers: LayerSelector) -> Intervention {
        switch self {
        case .preset(let preset, _): .preset(preset, layers: layers)
        case .knockout(let from, let to, _, let heads, let mode):
            .knockout(from: from, to: to, layers: layers, heads: heads, mode)
        case .tokenAblation: self
        }
    }

    /// The preset's name, or its kind.
    public var name: String {
        switch self {
        case .preset(let preset, _): preset.rawValue
        case .knockout: "attention_knockout"
        case .tokenAblation: "token_ablation"
        }
    }

    /// The layers it asks for.
    public var layers: LayerSelector {
        switch self {
        case .preset(_, let layers), .knockout(_, _, let layers, _, _): layers
        case .tokenAblation: .all
        }
    }
}

/// P2's knockouts: which rows cannot see image columns.
public enum KnockoutPreset: String, Sendable, CaseIterable {
    /// Decode rows only.
    case imageToGenerated = "img->gen"
    /// Every text row of the prompt that can see an image, the last one included.
    case imageToText = "img->txt"
    /// Both.
    case imageToTextAndGenerated = "img->txt+gen"

    init(_ field: ProbeField) throws(ProbeError) {
        let name = try field.string()
        guard let preset = KnockoutPreset(rawValue: name) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(field.path, "\"\(name)\" is no knockout preset; there are \(names)")
        }
        self = preset
    }
}

/// Whether blocked edges are taken out before the softmax, so that the rest renormalises, or zeroed after it.
public enum KnockoutMode: String, Sendable, CaseIterable {
    /// `-inf` on the scores.
    case preSoftmax = "pre_softmax"
    /// Zero on the probabilities.
    case postSoftmax = "post_softmax"

    init(_ field: ProbeField) throws(ProbeError) {
        let name = try field.string()
        guard let mode = KnockoutMode(rawValue: name) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(field.path, "\"\(name)\" is no mode; there are \(names)")
        }
        self = mode
    }
}

/// Which query heads a probe acts on.
public enum HeadSelector: Sendable, Equatable {
    /// Every head.
    case all
    /// The listed ones.
    case list([Int])

    init(_ field: ProbeField) throws(ProbeError) {
        if field.value == "all" { self = .all } else { self = .list(try field.integers()) }
    }

    /// The heads of a model with `count` of them, ascending.
    public func resolved(count: Int, parameter: String) throws(ProbeError) -> [Int] {
        guard case .list(let heads) = self else { return Array(0..<count) }
        for head in heads where !(0..<count).contains(head) {
            throw .unsupported(parameter, "head \(head) does not exist; the model has heads 0…\(count - 1)")
        }
        guard !heads.isEmpty else { throw .unsupported(parameter, "selects no head of the model's \(count)") }
        return Array(Set(heads)).sorted()
    }
}
