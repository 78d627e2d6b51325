import Tensors

extension WeightFormat {
    /// The format of the layers outside the decoder's blocks: the vision tower, the projector and the head.
    ///
    /// They are a small part of the weights, and every answer depends on them: `int4` leaves them eight bits.
    var outsideBlocks: WeightFormat { self == .int4 ? .int8 : self }
}
