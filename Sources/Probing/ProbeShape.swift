public import Models

/// The size of what probes act on.
public struct ProbeShape: Sendable, Equatable {
    /// Decoder layers, L.
    public let layers: Int
    /// Query heads, H.
    public let heads: Int

    /// A decoder of `layers` blocks with `heads` query heads.
    public init(layers: Int, heads: Int) {
        self.layers = layers
        self.heads = heads
    }
}

extension VisionLanguageModel {
    /// The size of what probes act on.
    public var probeShape: ProbeShape {
        ProbeShape(layers: decoder.configuration.layers, heads: decoder.configuration.heads)
    }
}
