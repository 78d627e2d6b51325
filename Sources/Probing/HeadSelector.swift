import JSON

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
