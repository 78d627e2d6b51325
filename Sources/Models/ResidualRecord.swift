public import Tensors

/// Residual states of some layers, kept while a prompt passes through the decoder: where runs that differ from it
/// only from a layer on may join.
public final class ResidualRecord {
    /// What is kept of one layer.
    public struct Layer: Sendable {
        /// The first position kept.
        public let first: Int
        /// States before any change at the layer's own sites, `[positions from first on, hidden]`.
        public let states: Matrix
    }

    /// What is kept, by layer; the number of layers stands for the state after the last one.
    public let layers: [Int: Layer]

    /// A record of the positions `first..<end` of each layer in `first`, with states of `width` values.
    public init(first: [Int: Int], end: Int, width: Int) {
        layers = first.mapValues { Layer(first: $0, states: Matrix(rows: max(0, end - $0), columns: width)) }
    }

    /// Keeps what is wanted of a step's states `[positions, hidden]`.
    func keep(_ states: Matrix, layer: Int, positions: Range<Int>) {
        guard let kept = layers[layer] else { return }
        let wanted = positions.clamped(to: kept.first..<kept.first + kept.states.rows)
        guard !wanted.isEmpty else { return }
        kept.states.rows(wanted.lowerBound - kept.first..<wanted.upperBound - kept.first).copy(
            from: states.rows(wanted.lowerBound - positions.lowerBound..<wanted.upperBound - positions.lowerBound)
        )
    }
}
