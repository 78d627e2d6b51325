import Tensors

extension AttentionPattern {
    /// The row reduced to maps, `[heads or 1][keys]`: some heads one by one, else their maximum or `mean`.
    func maps(heads: [Int]?, takesMaximum: Bool, mean: [Float]) -> [[Float]] {
        heads.map { $0.map(head) } ?? [takesMaximum ? maximum() : mean]
    }
}

extension [Float] {
    /// The same shares of one; all zeros stay.
    var scaledToOne: [Float] {
        let sum = reduce(0, +)
        return sum > 0 ? map { $0 / sum } : self
    }
}
