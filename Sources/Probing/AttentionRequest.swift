import JSON

/// Which attention a request wants to see, as it was written.
public struct AttentionRequest: Sendable {
    /// How the heads of a row are reduced.
    public enum Heads: Sendable, Equatable {
        /// Their mean.
        case mean
        /// Their maximum, column by column.
        case max
        /// The selected ones, one by one.
        case each(HeadSelector)

        /// The heads handed out one by one, of a model with `count`; `nil` when they are reduced to one.
        func separate(count: Int) throws(ProbeError) -> [Int]? {
            guard case .each(let heads) = self else { return nil }
            return try heads.resolved(count: count, parameter: "attention.heads")
        }
    }

    /// Which columns of a row are handed out.
    public enum Columns: String, Sendable, CaseIterable {
        /// Image positions in order.
        case image
        /// Every visible position.
        case all
    }

    /// Whose attention is wanted.
    public enum Tower: String, Sendable, CaseIterable {
        /// The decoder's.
        case text
        /// The vision tower's: see `VisionAttentionRequest`.
        case vision
    }

    /// Rows: `nil` for those that produced the generated tokens, else the rows at a span's positions.
    public var rows: SpanSelector?
    /// Layers.
    public var layers: LayerSelector = .all
    /// Reduction over heads.
    public var heads: Heads = .mean
    /// Columns.
    public var columns: Columns = .image
    /// Whether a row is scaled so that its image columns sum to 1, sinks left out.
    public var normalizesImage = false
    /// Whether attention is traced back to the decoder's input: see `AttentionRollout`.
    public var rollsOut = false
    /// Which image tokens are left out as sinks; `nil` for none.
    public var sinks: SinkExclusion?

    /// The rows that produced the answer, every layer, mean over heads, image columns.
    public init() {}

    /// Whose attention the `attention` member of a request wants; the decoder's unless it says otherwise.
    public static func tower(_ field: ProbeField?) throws(ProbeError) -> Tower {
        try field?.object().member("tower").map { tower throws(ProbeError) in try tower.word() } ?? .text
    }

    /// Reads the `attention` member of a request.
    public init(_ field: ProbeField) throws(ProbeError) {
        try self.init(withoutRows: field)
        if let rows = field.member("rows"), rows.value != "generated" { self.rows = try SpanSelector(rows) }
    }

    /// Reads the members that mean the same for every tower.
    init(withoutRows field: ProbeField) throws(ProbeError) {
        let field = try field.object()
        if let layers = field.member("layers") { self.layers = try LayerSelector(layers) }
        if let heads = field.member("heads") { self.heads = try Self.heads(heads) }
        if let columns = field.member("columns") { self.columns = try columns.word() }
        if let normalize = field.member("normalize") {
            let word: Normalization = try normalize.word()
            normalizesImage = word == .image
        }
        sinks = try field.member("exclude_sinks").flatMap { field throws(ProbeError) in try SinkExclusion(field) }
        rollsOut = try field.member("rollout")?.flag() ?? false
        guard !rollsOut || heads == .mean else {
            throw .unsupported(
                "\(field.path).heads",
                "must be \"mean\" where attention is rolled out: rollout is defined on the mean over heads"
            )
        }
    }

    // MARK: - Private

    private enum Normalization: String, CaseIterable {
        case none, image
    }

    private static func heads(_ field: ProbeField) throws(ProbeError) -> Heads {
        switch field.value.string {
        case "mean": .mean
        case "max": .max
        default: .each(try HeadSelector(field))
        }
    }
}
