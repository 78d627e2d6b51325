import JSON
import Models
import Probing

extension ResolvedInterventions {
    /// What every intervention resolved to, as the API shows it: one entry for each set of edges and each site.
    var payload: JSONValue {
        let edges = edges.map { edit -> JSONValue in
            [
                "layers": .array(edit.layers.map { .integer($0) }), "heads": .array(edit.heads.map { .integer($0) }),
                "from": edit.sources.payload, "to": edit.receivers.payload,
            ]
        }
        let states = states.map { edit -> JSONValue in
            [
                "site": .string(edit.site.name),
                "layers": .array(edit.site.layer.map { [.integer($0)] } ?? []), "tokens": edit.positions.payload,
            ]
        }
        return .array(edges + states)
    }
}

extension [String: JSONValue] {
    /// Adds what a run changes, where it does, and the warnings about that and about the request.
    mutating func add(resolved: ResolvedInterventions, warnings: [String]) {
        if !resolved.isEmpty { self["resolved"] = resolved.payload }
        let own = resolved.warnings
        // Spans that each layer chooses may come to as many reasons as there are layers.
        add(warnings: warnings + own.prefix(8).map { "interventions: \($0)" })
    }
}

extension PositionSet {
    /// Half-open pairs of prompt positions, and whether those of decode steps belong too.
    fileprivate var payload: JSONValue {
        [
            "positions": .array(ranges.map { [.integer($0.lowerBound), .integer($0.upperBound)] }),
            "generated": .bool(generated),
        ]
    }
}
