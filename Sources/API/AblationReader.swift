import Experiments
import JSON
import Models
import Probing

/// Reads what `/v1/ablation` ablates: listed spans, an object with rings of neighbours, and baselines of equal size.
struct AblationReader {
    /// Sets that an object's are compared with.
    enum Baseline: String, CaseIterable {
        /// Image tokens drawn with a seed.
        case random
        /// Image tokens with unusually large norms.
        case register
        /// The image tokens that integrated gradients rank first.
        case gradient
    }

    /// Tokens to ablate in one run.
    struct Set: NamedVariant {
        var name: String
        let isNamed: Bool
        /// The ablation as one would write it among `interventions`.
        let written: ProbeField
        /// The tokens' positions, ascending.
        let positions: [Int]
        var path: String { written.path }
    }

    /// What the question asks; `nil` for any other question.
    let task: AblationTask?
    /// Sets that the listed ones are compared with, in the order of the body.
    let baselines: [Baseline]
    /// How the sets that gradients choose come about.
    let gradients: AttributionRequest
    private let listed: [ProbeField]
    private let object: ProbeField?
    private let counts: [Int]?
    private let seed: Int
    private let replacement: JSONValue

    init(_ root: ProbeField) throws {
        task = try Self.task(root)
        listed = try root.member("ablations")?.elements() ?? []
        object = root.member("object")
        gradients = try AttributionRequest(root.member("gradients"))
        seed = try root.member("seed")?.integer() ?? 0
        _ = try Replacement(root)
        replacement = root.member("replace")?.value ?? "mean"
        counts = try root.member("counts")?.integers()
        baselines =
            try root.member("baselines")?.elements().map { field in
                guard let baseline = Baseline(rawValue: try field.string()) else {
                    let names = Baseline.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ProbeError.invalid(field.path, "is no baseline; there are \(names)")
                }
                return baseline
            } ?? []
        guard root.member("ablations") != nil || object != nil || counts != nil || baselines.contains(.register) else {
            throw ProbeError.invalid(
                "ablations",
                "is missing; send for example [{\"tokens\":\"image\"}], an \"object\", or \"baselines\" and \"counts\""
            )
        }
    }

    /// The sets of the body on a prompt, without those that gradients choose, and what was left out.
    func sets(in layout: PromptLayout) throws -> (sets: [Set], warnings: [String]) {
        var sets = try listed.enumerated().map { index, field in try set(field, index: index, layout) }
        let image = try object?.member("image")?.integer() ?? 0
        if let object {
            let own = try SpanSelector(object)
            sets += try TokenSet.object(own).map { try set($0, path: "object", layout) }
        }
        var warnings: [String] = []
        let wanted = try sizes(beside: sets, layout)
        if baselines.contains(.random) {
            sets += try wanted.map { try set(.random($0, seed: seed), path: "baselines", layout) }
        }
        if baselines.contains(.register) {
            do {
                sets.append(try set(.registers(image: image), path: "baselines", layout))
            } catch let error as ProbeError where error.kind == .unsupported {
                warnings.append("the baseline \"register\" was left out: \(error.message)")
            }
        }
        try KnockoutVariant.checkCount(sets.count, ProbeField(nil, path: "ablations"))
        return (try sets.withDistinctNames(), warnings)
    }

    /// The sets, and those of the tokens that gradients rank first, as large as the other baselines' sets.
    func adding(gradientRanking ranked: [Int], to sets: [Set], _ layout: PromptLayout) throws -> [Set] {
        let own = try sizes(beside: sets, layout).filter { $0 <= ranked.count }.map { size in
            try set(.gradient(Array(ranked.prefix(size))), path: "baselines", layout)
        }
        try KnockoutVariant.checkCount(sets.count + own.count, ProbeField(nil, path: "ablations"))
        return try (sets + own).withDistinctNames()
    }

    /// Sizes of the baselines' sets: those that the body lists, else those of the sets they stand beside.
    func sizes(beside sets: [Set], _ layout: PromptLayout) throws -> [Int] {
        let tokens = layout.positions(named: "image")?.count ?? 0
        guard let counts else {
            return Array(Swift.Set(sets.map(\.positions.count))).sorted().filter { (1...max(tokens, 1)).contains($0) }
        }
        for count in counts where !(1...max(tokens, 1)).contains(count) {
            throw ProbeError.unsupported("counts", "\(count) must lie in 1…\(tokens), the picture's tokens")
        }
        return counts
    }

    /// A set that the library made.
    func set(_ set: TokenSet, path: String, _ layout: PromptLayout) throws -> Set {
        let written: JSONValue = ["kind": "token_ablation", "tokens": set.tokens.json, "replace": replacement]
        return Set(
            name: set.name,
            isNamed: false,
            written: ProbeField(written, path: path),
            positions: try set.tokens.resolved(in: layout, parameter: path).promptPositions
        )
    }

    // MARK: - Private

    /// A set of the body's list: an ablation without its kind, perhaps with a name.
    private func set(_ field: ProbeField, index: Int, _ layout: PromptLayout) throws -> Set {
        let tokens = try field.required("tokens")
        var fields = field.value.object ?? [:]
        let name = try field.member("name")?.string()
        fields["name"] = nil
        fields["kind"] = "token_ablation"
        fields["replace"] = fields["replace"] ?? replacement
        let span = try SpanSelector(tokens).resolved(in: layout, parameter: tokens.path)
        return Set(
            name: name ?? tokens.value.string ?? "ablation-\(index)",
            isNamed: name != nil,
            written: ProbeField(.object(fields), path: field.path),
            positions: span.promptPositions
        )
    }

    private static func task(_ root: ProbeField) throws -> AblationTask? {
        let className = try root.member("class")?.string()
        guard let field = root.member("task") else { return nil }
        guard let kind = AblationTask.Kind(rawValue: try field.string()) else {
            let names = AblationTask.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ProbeError.invalid(field.path, "is no task; there are \(names)")
        }
        if kind == .polling { return AblationTask(kind, className: className ?? "") }
        guard let name = className else { throw ProbeError.invalid("class", "is missing") }
        guard name.contains(where: \.isLetter) else {
            throw ProbeError.invalid("class", "is \"\(name)\"; it must name the object")
        }
        return AblationTask(kind, className: name)
    }
}
