public import Imaging
public import Tensors
public import Tokenization

/// How a checkpoint is brought into memory.
public struct ModelOptions: Sendable {
    /// The format of the weights in memory; `nil` chooses f32 below 200 M parameters, else what the checkpoint stores.
    /// In `int4` the layers outside the decoder's blocks are `int8`.
    public var format: WeightFormat?
    /// The chat template; `nil` takes the checkpoint's own.
    public var template: ChatTemplate?
    /// Crop or pad; `nil` does what the checkpoint's processor says.
    public var preprocess: Preprocess?
    /// Worker threads; `nil` takes as many as the process may use.
    public var threads: Int?
    /// Positions of a sequence at most; `nil` takes the checkpoint's.
    public var context: Int?
    /// Hears of every block that is in memory.
    public var progress: LoadProgress?

    /// Everything as the checkpoint says.
    public init() {}
}
