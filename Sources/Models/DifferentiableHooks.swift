public import Tensors

/// Hooks through whose changes a backward pass can go.
public protocol DifferentiableHooks: DecoderHooks {
    /// Changes the values at a site, one row for each position, as a plain pass would have them changed, and returns the
    /// way back for gradients; `nil` where nothing changes. Asked for are the residual states between blocks, by both of
    /// their names, and the places that `wants` names.
    func change(_ values: Matrix, at site: DecoderSite, positions: Range<Int>) -> Pullback?
}

/// Turns gradients of changed values into those of the values as they were, in place: the product with the transposed
/// derivative of the change.
public typealias Pullback = (Matrix) -> Void

extension DecoderSite {
    /// The names of the residual stream before block `layer` of `layers`, or behind the last one, in the order in which
    /// changes there happen.
    public static func residual(before layer: Int, of layers: Int) -> [DecoderSite] {
        let first = layer == 0 ? DecoderSite.embedding : .block(layer - 1, .residualPost)
        return layer < layers ? [first, .block(layer, .residualPre)] : [first]
    }
}
