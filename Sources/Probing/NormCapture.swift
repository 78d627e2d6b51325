import Tensors

/// Records the L2 norm of the state that each block reads, at some positions.
public struct NormCapture: Sendable {
    /// Prompt positions, ascending.
    public let positions: [Int]

    /// Watches these positions, which must be ascending.
    public init(positions: [Int]) {
        self.positions = positions
    }

    /// Appends the norms of a step's states to `record`, `[layer][position]`; the state behind the last block has no
    /// reader. Steps come in the order of positions.
    func read(_ states: Matrix, layer: Int, positions range: Range<Int>, into record: inout [[Float]]) {
        if layer == record.count { record.append([]) }
        for position in positions where range.contains(position) {
            let squares = states.row(position - range.lowerBound).reduce(0.0) { $0 + Double($1) * Double($1) }
            record[layer].append(Float(squares.squareRoot()))
        }
    }
}
