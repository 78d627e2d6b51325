import JSON

/// Which attention of the vision tower a request wants to see, as it was written: an `attention` member with
/// `"tower":"vision"`.
public struct VisionAttentionRequest: Sendable {
    /// Whose rows are handed out.
    public enum Rows: Sendable {
        /// Those of every patch.
        case patches
        /// Those of the class token.
        case classToken
        /// Those of the tokens that a span's image positions are made from.
        case span(SpanSelector)
    }

    /// Rows.
    public var rows = Rows.patches
    /// Layers of the tower.
    public var layers: LayerSelector = .all
    /// Reduction over heads.
    public var heads: AttentionRequest.Heads = .mean
    /// Columns: patches, or every token of the tower.
    public var columns: AttentionRequest.Columns = .image
    /// Whether a row is scaled so that its patches' columns sum to 1.
    public var normalizesImage = false

    /// Every patch's rows in every layer, mean over heads, on patches.
    public init() {}

    /// Reads the `attention` member of a request. What only the decoder's attention has is an error.
    public init(_ field: ProbeField) throws(ProbeError) {
        let field = try field.object()
        let common = try AttentionRequest(withoutRows: field)
        for (key, isAsked) in [("rollout", common.rollsOut), ("exclude_sinks", common.sinks != nil)] where isAsked {
            throw .unsupported("\(field.path).\(key)", "is for the decoder's attention; the tower is \"vision\"")
        }
        (layers, heads, columns) = (common.layers, common.heads, common.columns)
        normalizesImage = common.normalizesImage
        guard let rows = field.member("rows") else { return }
        switch rows.value.string {
        case "patches": self.rows = .patches
        case "class": self.rows = .classToken
        default: self.rows = .span(try SpanSelector(rows))
        }
    }
}
