public import Models
public import Tensors

/// Records a vision tower's attention for one picture.
///
/// Used by one thread.
public final class VisionAttentionCapture: VisionHooks {
    /// The recorded rows, in the order of tokens.
    public var rows: [VisionAttentionRow] { recorded.values.sorted { $0.row.token < $1.row.token } }
    private let plan: VisionAttentionPlan
    private let picture: Int
    private var recorded: [Int: VisionAttentionRow]

    /// Records what `plan` wants of the picture with that place in the prompt.
    public init(_ plan: VisionAttentionPlan, picture: Int) {
        self.plan = plan
        self.picture = picture
        let own = plan.rows.filter { $0.picture == picture }
        recorded = Dictionary(uniqueKeysWithValues: own.map { ($0.token, VisionAttentionRow(row: $0)) })
    }

    /// See `VisionHooks`.
    public func wants(_ site: VisionSite) -> Bool { site.place == .pattern && plan.layers.contains(site.layer) }

    /// See `VisionHooks`. States are not asked for.
    public func visit(_ values: Matrix, at site: VisionSite) {}

    /// See `VisionHooks`. Layers come in order.
    public func receivePattern(_ pattern: AttentionPattern, layer: Int, token: Int) {
        guard recorded[token] != nil else { return }
        recorded[token]?.layers.append(plan.reduce(pattern, picture: picture))
    }
}
