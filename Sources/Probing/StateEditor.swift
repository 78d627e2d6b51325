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
}
