import Tensors

extension AttentionPattern {
    /// The mean over some heads, `[keys]`, added in their order; over all of them for `nil`.
    func mean(of chosen: [Int]?) -> [Float] {
        guard let chosen, chosen.count < heads else { return mean() }
        let scale = 1 / Float(chosen.count)
        var sums = [Float](repeating: 0, count: keys)
        for head in chosen.map(head) {
            for key in sums.indices { sums[key] += head[key] }
        }
        return sums.map { $0 * scale }
    }

    /// The row reduced to maps, `[heads or 1][keys]`: some heads one by one, else their maximum or `mean`.
    func maps(heads: [Int]?, takesMaximum: Bool, mean: [Float]) -> [[Float]] {
        heads.map { $0.map(head) } ?? [takesMaximum ? maximum() : mean]
    }
}

extension [Float] {
    /// The same shares of one; all zeros stay.
    var scaledToOne: [Float] { scaled(toOneOver: self) }

    /// Scaled so that `part` of the values sums to one; as they are where that part has no mass.
    func scaled(toOneOver part: some Sequence<Float>) -> [Float] {
        let sum = part.reduce(0, +)
        return sum > 0 ? map { $0 / sum } : self
    }
}
