/// A named place in the vision tower whose values a probe may read, one row for each of the tower's tokens: the class
/// token, where there is one, and then the patches.
public struct VisionSite: Hashable, Sendable {
    /// A place within a block of the tower.
    public enum Place: String, CaseIterable, Sendable {
        /// The residual stream as it enters the block.
        case residualPre = "resid.pre"
        /// Attention of every head among all tokens.
        case pattern = "attn.pattern"
        /// The residual stream between attention and MLP.
        case residualMid = "resid.mid"
        /// The residual stream as it leaves the block.
        case residualPost = "resid.post"
    }

    /// The block.
    public let layer: Int
    /// The place within it.
    public let place: Place

    /// A place in block `layer`.
    public init(layer: Int, place: Place) {
        self.layer = layer
        self.place = place
    }

    /// The public name, such as `vision.blocks.3.resid.post`.
    public var name: String { "vision.blocks.\(layer).\(place.rawValue)" }

    /// The site of a public name; `nil` for a name that is none. The layer may be more than a tower has.
    public init?(name: String) {
        let parts = name.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "vision", parts[1] == "blocks", let layer = Int(parts[2]), layer >= 0,
            String(layer) == parts[2], let place = Place(rawValue: String(parts[3]))
        else { return nil }
        self.init(layer: layer, place: place)
    }
}
