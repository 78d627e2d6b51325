public import Tensors

/// What a probe may see of a picture on its way through the vision tower. A place that nobody asks for costs nothing.
public protocol VisionHooks: AnyObject {
    /// Whether the values at a place are wanted.
    func wants(_ site: VisionSite) -> Bool
    /// The residual stream `[tokens, hidden]` at a place, lent for the time of the call.
    func visit(_ values: Matrix, at site: VisionSite)
    /// One token's attention `[heads][tokens]`; tokens come in order.
    func receivePattern(_ pattern: AttentionPattern, layer: Int, token: Int)
}

/// The sizes of what a vision tower computes for one picture.
public struct VisionShape: Sendable, Equatable {
    /// Blocks that are run; the last ones of a checkpoint may not be.
    public let layers: Int
    /// Attention heads.
    public let heads: Int
    /// Tokens, the class token included.
    public let tokens: Int
    /// Values of a token.
    public let hidden: Int

    /// The sizes of a tower.
    public init(layers: Int, heads: Int, tokens: Int, hidden: Int) {
        self.layers = layers
        self.heads = heads
        self.tokens = tokens
        self.hidden = hidden
    }

    /// Sizes of the values at a place: `[tokens, hidden]`, or `[heads, tokens, tokens]` for a pattern.
    public func shape(_ place: VisionSite.Place) -> [Int] {
        place == .pattern ? [heads, tokens, tokens] : [tokens, hidden]
    }
}
