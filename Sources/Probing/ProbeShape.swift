public import Models

/// The size of what probes act on.
public struct ProbeShape: Sendable, Equatable {
    /// Decoder layers, L.
    public let layers: Int
    /// Query heads, H.
    public let heads: Int
    /// Values of a hidden state.
    public let hiddenSize: Int

    /// A decoder of `layers` blocks with `heads` query heads, whose states have `hiddenSize` values.
    public init(layers: Int, heads: Int, hiddenSize: Int) {
        self.layers = layers
        self.heads = heads
        self.hiddenSize = hiddenSize
    }
}

extension VisionLanguageModel {
    /// The size of what probes act on.
    public var probeShape: ProbeShape {
        ProbeShape(
            layers: decoder.configuration.layers,
            heads: decoder.configuration.heads,
            hiddenSize: decoder.configuration.hiddenSize
        )
    }
}
