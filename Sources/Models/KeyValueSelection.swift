import Tensors

/// Which of its first positions a compressed cache holds, layer by layer.
public struct KeyValueSelection: Sendable, Equatable {
    /// Positions that were selected from; every later one has its entry.
    public let length: Int
    /// The positions held, ascending, `[layer][…]`.
    public let positions: [[Int]]

    /// Positions below `length` that `layer` does not hold.
    func dropped(layer: Int) -> Int { length - positions[layer].count }

    /// Edits over positions as edits over a layer's entries.
    func entries(of edits: AttentionEdits, layer: Int) -> AttentionEdits {
        func select(_ vector: [Float]) -> [Float] { positions[layer].map { vector[$0] } + vector[length...] }
        var edits = edits
        edits.bias = edits.bias.map(select)
        edits.factor = edits.factor.map(select)
        return edits
    }
}
