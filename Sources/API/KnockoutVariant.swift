import JSON
import Models
import Probing

/// One knocked-out run that a request asks for.
struct KnockoutVariant: NamedVariant {
    var name: String
    let interventions: [Intervention]
    /// Where each intervention stands in the body.
    let paths: [String]
    /// The interventions as they were written.
    let written: JSONValue
    let path: String
    let isNamed: Bool

    /// Variants of one request at most.
    static let maximumCount = 512

    /// The variants of `knockouts` (named or explicit, one or many) and of `sweep` on `model`. An empty list of knockouts
    /// asks for the baseline alone.
    static func read(_ root: ProbeField, model: VisionLanguageModel) throws -> [KnockoutVariant] {
        let knockouts = root.member("knockouts")
        let sweep = try sweep(root, model: model)
        guard knockouts != nil || sweep != nil else {
            throw ProbeError.invalid("knockouts", "is missing; send for example [\"img->gen\"]")
        }
        _ = try root.member("object").map(SpanSelector.init)
        var variants = try knockouts.map(list) ?? []
        if let sweep { variants += try sweep.variants() }
        return try variants.withDistinctNames()
    }

    /// The reader of the body's `sweep`, if it has one.
    static func sweep(_ root: ProbeField, model: VisionLanguageModel) throws -> SweepReader? {
        try root.member("sweep").map { try SweepReader($0, object: root.member("object"), model: model) }
    }

    // MARK: - Private

    private static func list(_ field: ProbeField) throws -> [KnockoutVariant] {
        let elements = field.value.array == nil ? [field] : try field.elements()
        try checkCount(elements.count, field)
        return try elements.map(variant)
    }

    static func checkCount(_ count: Int, _ field: ProbeField) throws(ProbeError) {
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
                written: [field.value],
                path: field.path,
                isNamed: name != nil
            )
        }
        let interventions = try Intervention.list(list)
        return KnockoutVariant(
            name: name ?? label(interventions),
            interventions: interventions,
            paths: interventions.indices.map { "\(list.path)[\($0)]" },
            written: list.value.array == nil ? [list.value] : list.value,
            path: field.path,
            isNamed: name != nil
        )
    }

    private static func label(_ interventions: [Intervention]) -> String {
        interventions.isEmpty ? "none" : interventions.map { "\($0.name)@\($0.layers)" }.joined(separator: "+")
    }
}
