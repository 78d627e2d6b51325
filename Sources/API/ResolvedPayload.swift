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
    /// Adds the `resolved` member to the answer of a run that changes something.
    mutating func add(resolved: ResolvedInterventions) {
        if !resolved.isEmpty { self["resolved"] = resolved.payload }
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
