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
    }

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

    /// The runs that the sweep asks for.
    func variants() throws -> [KnockoutVariant] {
        guard let name = field.member("preset") else { return try windows() }
        guard let preset = Preset(rawValue: try name.string()) else {
            let names = Preset.allCases.map(\.rawValue).joined(separator: ", ")
            throw ProbeError.invalid(name.path, "is no sweep preset; there are \(names)")
        }
        switch preset {
        case .fromLayer:
            let starts = try field.member("starts")?.integers()
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
            return try own(Sweep.objectReadout(object: SpanSelector(object), image: image))
        }
    }

    // MARK: - Private

    /// The explicit form: every knockout at every window.
    private func windows() throws -> [KnockoutVariant] {
        let layers = try field.required("layers").elements()
        let knockouts = try field.required("knockouts").elements()
        let count = knockouts.count.multipliedReportingOverflow(by: layers.count).partialValue
        try KnockoutVariant.checkCount(count, field)
        let selectors = try layers.map { window in
            let selector = try LayerSelector(window)
            _ = try selector.resolved(count: depth, parameter: window.path)
            return selector
        }
        return try expanded { Sweep.windows($0, layers: selectors) }
    }

    /// P2's three knockouts unless the sweep lists its own.
    private func knockouts() throws -> [ProbeField] {
        if let listed = field.member("knockouts") { return try listed.elements() }
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
                written: .array(variant.interventions.map { Self.rewritten(source.value, layers: $0.layers) })
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
                written: .array(variant.interventions.compactMap(Self.written))
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
