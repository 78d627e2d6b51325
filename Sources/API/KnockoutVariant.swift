import JSON
import Probing

/// One knocked-out run that a request asks for.
struct KnockoutVariant {
    let name: String
    let interventions: [Intervention]
    /// Where each intervention stands in the body.
    let paths: [String]
    /// The interventions as they were written.
    let written: JSONValue

    /// Variants of one request at most.
    static let maximumCount = 512

    /// The variants of `knockouts` (named or explicit, one or many) and of `sweep` (every knockout at every window) on
    /// a model with `layers` of them. An empty list of knockouts asks for the baseline alone.
    static func read(_ root: ProbeField, layers: Int) throws -> [KnockoutVariant] {
        let knockouts = root.member("knockouts")
        let sweep = root.member("sweep")
        guard knockouts != nil || sweep != nil else {
            throw ProbeError.invalid("knockouts", "is missing; send for example [\"img->gen\"]")
        }
        var variants = try knockouts.map(list) ?? []
        if let sweep { variants += try Self.sweep(sweep, depth: layers) }
        return variants
    }

    // MARK: - Private

    private static func list(_ field: ProbeField) throws -> [KnockoutVariant] {
        let elements = field.value.array == nil ? [field] : try field.elements()
        try checkCount(elements.count, field)
        return try elements.map(variant)
    }

    private static func checkCount(_ count: Int, _ field: ProbeField) throws(ProbeError) {
        guard count <= maximumCount else {
            throw .invalid(field.path, "asks for \(count) variants; at most \(maximumCount) are run")
        }
    }

    private static func variant(_ field: ProbeField) throws -> KnockoutVariant {
        let name = try field.member("name")?.string()
        guard let list = field.member("interventions") else {
            let intervention = try Intervention(field)
            return KnockoutVariant(
                name: name ?? label([intervention]),
                interventions: [intervention],
                paths: [field.path],
                written: [field.value]
            )
        }
        let interventions = try Intervention.list(list)
        return KnockoutVariant(
            name: name ?? label(interventions),
            interventions: interventions,
            paths: interventions.indices.map { "\(list.path)[\($0)]" },
            written: list.value.array == nil ? [list.value] : list.value
        )
    }

    private static func label(_ interventions: [Intervention]) -> String {
        interventions.isEmpty ? "none" : interventions.map { "\($0.name)@\($0.layers)" }.joined(separator: "+")
    }

    private static func sweep(_ field: ProbeField, depth: Int) throws -> [KnockoutVariant] {
        let field = try field.object()
        if let preset = field.member("preset") {
            throw ProbeError.unsupported(
                preset.path,
                "sweep presets are not supported by this version; list \"knockouts\" and \"layers\""
            )
        }
        let knockouts = try field.required("knockouts").elements()
        let layers = try field.required("layers").elements()
        try checkCount(knockouts.count.multipliedReportingOverflow(by: layers.count).partialValue, field)
        let windows = try layers.map { window in
            let selector = try LayerSelector(window)
            _ = try selector.resolved(count: depth, parameter: window.path)
            return (selector: selector, written: window.value)
        }
        return try knockouts.flatMap { knockout in
            let intervention = try Intervention(knockout)
            return windows.map { window in
                let limited = intervention.limited(to: window.selector)
                return KnockoutVariant(
                    name: label([limited]),
                    interventions: [limited],
                    paths: [knockout.path],
                    written: [rewritten(knockout.value, layers: window.written)]
                )
            }
        }
    }

    /// The intervention as one would have written it for that window.
    private static func rewritten(_ knockout: JSONValue, layers: JSONValue) -> JSONValue {
        var fields = knockout.object ?? ["kind": "attention_knockout", "preset": knockout]
        fields["layers"] = layers
        return .object(fields)
    }
}
