import JSON
import Models
import Probing

/// One knocked-out run that a request asks for.
struct KnockoutVariant {
    private(set) var name: String
    let interventions: [Intervention]
    /// Where each intervention stands in the body.
    let paths: [String]
    /// The interventions as they were written.
    let written: JSONValue
    /// What of the body asked for it.
    let path: String
    /// Whether the body gave the name. Others may be alike.
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
        return try distinct(variants)
    }

    /// The reader of the body's `sweep`, if it has one.
    static func sweep(_ root: ProbeField, model: VisionLanguageModel) throws -> SweepReader? {
        try root.member("sweep").map { try SweepReader($0, object: root.member("object"), model: model) }
    }

    // MARK: - Private

    /// The variants with different names: of those called alike that the body gave no name, the later ones are numbered.
    private static func distinct(_ variants: [KnockoutVariant]) throws(ProbeError) -> [KnockoutVariant] {
        var taken: [String: String] = [:]
        for variant in variants where variant.isNamed {
            if let other = taken.updateValue(variant.path, forKey: variant.name) {
                throw .unsupported(
                    variant.path,
                    "\"\(variant.name)\" is what \(other) is called too; give one of them another \"name\""
                )
            }
        }
        var counts: [String: Int] = [:]
        return variants.map { variant in
            guard !variant.isNamed else { return variant }
            var variant = variant
            let name = variant.name
            while taken[variant.name] != nil {
                let number = counts[name, default: 1] + 1
                counts[name] = number
                variant.name = "\(name)#\(number)"
            }
            taken[variant.name] = variant.path
            return variant
        }
    }

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
