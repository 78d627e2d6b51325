public import Models
public import Tensors

/// Keeps what a vision tower computes for one picture at some sites.
///
/// Used by one thread.
public final class VisionCapture: VisionHooks {
    /// The values by site: `[tokens, hidden]`, or `[heads, tokens, tokens]`.
    public private(set) var values: [VisionSite: [Float]] = [:]
    private let sites: Set<VisionSite>
    private let shape: VisionShape

    /// Keeps `sites` of a tower of `shape`.
    public init(_ sites: [VisionSite], shape: VisionShape) {
        self.sites = Set(sites)
        self.shape = shape
    }

    /// See `VisionHooks`.
    public func wants(_ site: VisionSite) -> Bool { sites.contains(site) }

    /// See `VisionHooks`.
    public func visit(_ values: Matrix, at site: VisionSite) {
        self.values[site] = values.values
    }

    /// See `VisionHooks`.
    public func receivePattern(_ pattern: AttentionPattern, layer: Int, token: Int) {
        let site = VisionSite(layer: layer, place: .pattern)
        let count = shape.shape(.pattern).reduce(1, *)
        for head in 0..<pattern.heads {
            let start = (head * shape.tokens + token) * shape.tokens
            values[site, default: Array(repeating: 0, count: count)]
                .replaceSubrange(start..<start + pattern.keys, with: pattern.head(head))
        }
    }
}
