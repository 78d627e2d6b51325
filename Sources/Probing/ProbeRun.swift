public import Models
public import Tensors

/// The probes of one sequence while it runs: interventions to apply and states to record.
///
/// Used by one engine step at a time.
public final class ProbeRun: DecoderHooks {
    /// Recorded rows by query position.
    public private(set) var rows: [Int: AttentionRow] = [:]
    /// What the lens read so far.
    public private(set) var lensRecord: LensRecord?
    /// Norms of the states that blocks read, `[layer][position]`, if they were wanted.
    public private(set) var norms: [[Float]]?
    private let editor: AttentionEditor
    private let capture: AttentionCapture?
    private let ablations: [ResolvedAblation]
    private let lens: LensCapture?
    private let normCapture: NormCapture?

    /// Probes for one sequence of a model of `shape`.
    public init(
        _ interventions: ResolvedInterventions = ResolvedInterventions(),
        capture: AttentionCapture? = nil,
        lens: LensCapture? = nil,
        norms: NormCapture? = nil,
        shape: ProbeShape
    ) {
        editor = AttentionEditor(interventions.knockouts, shape: shape)
        ablations = interventions.ablations
        self.capture = capture
        self.lens = lens
        lensRecord = lens?.emptyRecord
        normCapture = norms
        self.norms = norms.map { _ in [] }
    }

    /// See `DecoderHooks`.
    public func attentionEdits(layer: Int, positions: Range<Int>, keyCount: Int) -> AttentionEdits? {
        editor.edits(layer: layer, positions: positions, keyCount: keyCount)
    }

    /// See `DecoderHooks`.
    public func wantsPattern(layer: Int, position: Int) -> Bool {
        capture?.wants(layer: layer, position: position) ?? false
    }

    /// See `DecoderHooks`.
    public func receivePattern(_ pattern: AttentionPattern, layer: Int, position: Int) {
        guard let capture else { return }
        rows[position, default: AttentionRow(position: position, layers: [])].layers.append(capture.reduce(pattern))
    }

    /// See `DecoderHooks`.
    public func residual(_ states: Matrix, layer: Int, positions: Range<Int>) {
        if layer == 0 {
            for ablation in ablations {
                for (position, embedding) in zip(ablation.positions, ablation.embeddings)
                where positions.contains(position) {
                    states.setRow(position - positions.lowerBound, embedding)
                }
            }
        }
        if let lens, var record = lensRecord.take() {
            lens.read(states, layer: layer, positions: positions, into: &record)
            lensRecord = record
        }
        if let normCapture, var record = norms.take() {
            normCapture.read(states, layer: layer, positions: positions, into: &record)
            norms = record
        }
    }
}
