/// How much each layer of a run attended to each image token: P2's s_j, the mean over the rows that produced the answer
/// of head-mean attention.
public struct AttentionRanking: Sendable {
    /// Place among the image positions.
    private let places: [Int: Int]
    /// `[layer][image position]`.
    private let scores: [[Double]]

    /// Ranks `positions`, the columns of recorded rows that hold every layer's head-mean. Rows are added in the order of
    /// their positions, so that the sums do not depend on the order in which they come.
    public init(_ rows: [AttentionRow], positions: [Int], layers: Int) {
        let ordered = rows.sorted { $0.position < $1.position }
        places = Dictionary(zip(positions, positions.indices)) { first, _ in first }
        scores = (0..<layers).map { layer in
            var sums = [Double](repeating: 0, count: positions.count)
            for row in ordered {
                for (place, value) in row.layers[layer].maps[0].enumerated() { sums[place] += Double(value) }
            }
            return sums.map { $0 / Double(max(1, ordered.count)) }
        }
    }

    /// The `count` positions of `candidates` that a layer attends to most, ascending; of equals the earlier one.
    /// Candidates must be ranked.
    public func top(_ count: Int, of candidates: [Int], layer: Int) -> [Int] {
        let scores = candidates.map { places[$0].map { self.scores[layer][$0] } ?? 0 }
        return scores.indicesOfHighest(count).map { candidates[$0] }
    }

    /// Whether a position is among those that are ranked.
    func ranks(_ position: Int) -> Bool { places[position] != nil }
}

extension [Double] {
    /// The places of the highest values, ascending; of equals the earlier one.
    public func indicesOfHighest(_ count: Int) -> [Int] {
        indices.sorted { (self[$0], $1) > (self[$1], $0) }.prefix(count).sorted()
    }
}
