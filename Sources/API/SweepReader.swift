import Experiments
import JSON
import Models
import Probing

/// Reads the `sweep` member: knockouts at windows of layers, or a preset of the papers.
struct SweepReader {
    /// The presets.
    enum Preset: String, CaseIterable {
        /// P2: each knockout from layer l on.
        case fromLayer = "from-layer"
        /// P2: each knockout everywhere but in the middle layers.
        case exceptMiddle = "except-middle"
        /// Edges cut in a window around each layer.
        case informationFlow = "information-flow"
        /// P1's 36 conditions.
        case objectReadout = "object-readout"

        /// The members of `sweep` that it reads.
        var members: Set<String> {
            switch self {
            case .fromLayer: ["knockouts", "starts"]
            case .exceptMiddle: ["knockouts", "window"]
            case .informationFlow: ["width"]
            case .objectReadout: ["layers"]
            }
        }
    }

    /// All members of `sweep`.
    static let fields: KnownFields = [
        "knockouts": .intervention(named: false), "layers": .layers, "preset": .value, "starts": .value,
        "window": .value,
        "width": .value,
    ]

    private let field: ProbeField
    private let object: ProbeField?
    private let depth: Int
    private let family: String

    /// A reader of `sweep` on `model`; `object` is the span that object presets need.
    init(_ sweep: ProbeField, object: ProbeField?, model: VisionLanguageModel) throws {
        field = try sweep.object()
        self.object = object
        depth = model.probeShape.layers
        family = model.description.family
    }

    /// Members that the sweep has and does not read, and an edge that it would cut if it knew where.
    var warnings: [String] {
        let preset = field.member("preset").flatMap { $0.value.string.flatMap(Preset.init) }
        let members = preset?.members ?? ["knockouts", "layers"]
        let known = ["knockouts", "layers", "starts", "window", "width"]
        let reader = preset.map { "the preset \"\($0.rawValue)\"" } ?? "a sweep without a preset"
        var warnings = known.filter { field.member($0) != nil && !members.contains($0) }.map {
            "\(field.path).\($0) was ignored: \(reader) does not read it"
        }
        if members.contains("knockouts") {
            let listed = (try? field.member("knockouts")?.elements()) ?? []
            warnings += listed.compactMap { $0.member("layers") }.map {
                "\($0.path) was ignored: the sweep says in which layers its knockouts act"
            }
        }
        if preset == .informationFlow, object == nil {
            warnings.append(
                "the edge object->question was left out: \(reader) cuts it where the body says what the \"object\" is"
            )
        }
        return warnings
    }

    /// The runs that the sweep asks for.
    func variants() throws -> [KnockoutVariant] {
        guard let name = field.member("preset") else { return try windows() }
        guard let preset = Preset(rawValue: try name.string()) else {
            let names = Preset.allCases.map(\.rawValue).joined(separator: ", ")
            throw ProbeError.invalid(name.path, "is no sweep preset; there are \(names)")
        }
        switch preset {
        case .fromLayer:
            let starts = try field.member("starts")?.filled("layer").integers()
            if let starts { try checkLayers(starts, path: "\(field.path).starts") }
            return try expanded { Sweep.fromLayer($0, starts: starts, depth: depth) }
        case .exceptMiddle:
            let window = try middle()
            return try expanded { Sweep.exceptMiddle($0, window: window) }
        case .informationFlow:
            let width = try field.member("width")?.integer() ?? 9
            guard (1...2 * depth).contains(width) else {
                throw ProbeError.unsupported("\(field.path).width", "is \(width); it must lie in 1…\(2 * depth)")
            }
            let object = try object.map(SpanSelector.init)
            return try own(Sweep.informationFlow(object: object, width: width, depth: depth))
        case .objectReadout:
            guard let object else {
                throw ProbeError.unsupported(
                    "object",
                    "is missing; \"object-readout\" needs the object's span, for example {\"box\":[x0,y0,x1,y1]}"
                )
            }
            let image = try object.member("image")?.integer() ?? 0
            let windows = try field.member("layers").map(selectors) ?? Sweep.readoutWindows
            return try own(Sweep.objectReadout(object: SpanSelector(object), image: image, windows: windows))
        }
    }

    // MARK: - Private

    /// The explicit form: every knockout at every window.
    private func windows() throws -> [KnockoutVariant] {
        let layers = try field.required("layers")
        let knockouts = try field.required("knockouts").elements()
        let count = try knockouts.count.multipliedReportingOverflow(by: layers.elements().count).partialValue
        try KnockoutVariant.checkCount(count, field)
        let selectors = try selectors(layers)
        return try expanded { Sweep.windows($0, layers: selectors) }
    }

    /// Windows that the model has.
    private func selectors(_ layers: ProbeField) throws -> [LayerSelector] {
        try layers.filled("window").elements().map { window in
            let selector = try LayerSelector(window)
            _ = try selector.resolved(count: depth, parameter: window.path)
            return selector
        }
    }

    /// P2's three knockouts unless the sweep lists its own.
    private func knockouts() throws -> [ProbeField] {
        if let listed = field.member("knockouts") { return try listed.filled("knockout").elements() }
        return KnockoutPreset.allCases.map { ProbeField(.string($0.rawValue), path: "\(field.path).preset") }
    }

    private func middle() throws -> ClosedRange<Int> {
        guard let window = field.member("window") else { return Sweep.middle(family: family, depth: depth) }
        let (first, last) = try window.pair()
        try checkLayers([first, last], path: window.path)
        guard first <= last, last - first + 1 < depth else {
            throw ProbeError.unsupported(
                window.path,
                "[\(first), \(last)] must be ascending and leave some of the model's \(depth) layers"
            )
        }
        return first...last
    }

    private func checkLayers(_ layers: [Int], path: String) throws(ProbeError) {
        for layer in layers where !(0..<depth).contains(layer) {
            throw .unsupported(path, "layer \(layer) does not exist; the model has layers 0…\(depth - 1)")
        }
    }

    /// The variants of a sweep over listed knockouts, written as those with other layers.
    private func expanded(_ sweep: ([Intervention]) -> [SweepVariant]) throws -> [KnockoutVariant] {
        let fields = try knockouts()
        let variants = sweep(try fields.map { try Intervention($0) })
        try KnockoutVariant.checkCount(variants.count, field)
        return variants.map { variant in
            let source = fields[variant.knockout]
            return KnockoutVariant(
                name: variant.name,
                interventions: variant.interventions,
                paths: [source.path],
                written: .array(variant.interventions.map { Self.rewritten(source.value, layers: $0.layers) }),
                path: source.path,
                isNamed: false
            )
        }
    }

    /// The variants of a preset that brings its own edges.
    private func own(_ variants: [SweepVariant]) throws -> [KnockoutVariant] {
        try KnockoutVariant.checkCount(variants.count, field)
        return variants.map { variant in
            KnockoutVariant(
                name: variant.name,
                interventions: variant.interventions,
                paths: variant.interventions.map { _ in "object" },
                written: .array(variant.interventions.compactMap(Self.written)),
                path: field.path,
                isNamed: false
            )
        }
    }

    /// The intervention as one would have written it for those layers.
    private static func rewritten(_ knockout: JSONValue, layers: LayerSelector) -> JSONValue {
        var fields = knockout.object ?? ["kind": "attention_knockout", "preset": knockout]
        fields["layers"] = layers.json
        return .object(fields)
    }

    /// Edges that no request has written.
    private static func written(_ intervention: Intervention) -> JSONValue? {
        guard case .knockout(let from, let to, let layers, _, _) = intervention else { return nil }
        return ["kind": "attention_knockout", "from": from.json, "to": to.json, "layers": layers.json]
    }
}

extension ProbeField {
    /// The field itself, unless it is an empty list: that would sweep over nothing.
    fileprivate func filled(_ what: String) throws(ProbeError) -> ProbeField {
        guard value.array?.isEmpty != true else { throw .unsupported(path, "selects no \(what) to sweep over") }
        return self
    }
}
