import Models
import Tensors

/// Applies changes of states as a step's rows pass their sites.
struct StateEditor {
    private let bySite: [DecoderSite: [StateEdit]]

    init(_ edits: [StateEdit]) {
        bySite = Dictionary(grouping: edits, by: \.site)
    }

    /// Whether anything changes at `site`.
    func acts(at site: DecoderSite) -> Bool { bySite[site] != nil }

    /// Changes the rows of `positions`, in the order of the request.
    func apply(to values: Matrix, at site: DecoderSite, positions: Range<Int>) {
        for edit in bySite[site] ?? [] { edit.apply(to: values, positions: positions) }
    }

    /// The same, and the way back for gradients; `nil` where nothing changes.
    func change(_ values: Matrix, at site: DecoderSite, positions: Range<Int>) -> Pullback? {
        guard let edits = bySite[site] else { return nil }
        let back = edits.map { edit in
            let transposed = edit.transposedDerivative(at: values, positions: positions)
            edit.apply(to: values, positions: positions)
            return transposed
        }
        return { gradients in
            for edit in back.reversed() { edit.apply(to: gradients, positions: positions) }
        }
    }
}
