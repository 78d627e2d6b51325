public import Models
public import Tensors

/// The probes of one sequence while it runs: interventions to apply and states to record.
///
/// Used by one engine step at a time.
public final class ProbeRun: DifferentiableHooks {
    /// Recorded rows by query position.
    public private(set) var rows: [Int: AttentionRow] = [:]
    /// What the lens read so far.
    public private(set) var lensRecord: LensRecord?
    /// Norms of the states that blocks read, `[layer][position]`, if they were wanted.
    public private(set) var norms: [[Float]]?
    /// States kept so far.
    public private(set) var stateRecord: StateRecord?
    /// Sinks found so far, if attention is recorded without them.
    public private(set) var sinks: SinkRecord?
    private var rollout: AttentionRollout?
    private let attentionEditor: AttentionEditor
    private let capture: AttentionCapture?
    private let stateEditor: StateEditor
    private let shape: ProbeShape
    private let lens: LensCapture?
    private let normCapture: NormCapture?
    private let states: StateCapture?

    /// Probes for one sequence of a model of `shape`.
    public init(
        _ interventions: ResolvedInterventions = ResolvedInterventions(),
        capture: AttentionCapture? = nil,
        lens: LensCapture? = nil,
        norms: NormCapture? = nil,
        states: StateCapture? = nil,
        shape: ProbeShape
    ) {
        attentionEditor = AttentionEditor(interventions.edges, shape: shape)
        stateEditor = StateEditor(interventions.states)
        self.shape = shape
        self.capture = capture
        rollout = capture?.rollout
        sinks = capture?.sinks.map { _ in SinkRecord() }
        self.lens = lens
        lensRecord = lens?.emptyRecord
        normCapture = norms
        self.norms = norms.map { _ in [] }
        self.states = states
        stateRecord = states.map { _ in StateRecord() }
    }

    /// See `DecoderHooks`.
    public func attentionEdits(layer: Int, positions: Range<Int>, keyCount: Int) -> AttentionEdits? {
        attentionEditor.edits(layer: layer, positions: positions, keyCount: keyCount)
    }

    /// See `DecoderHooks`.
    public func wantsPattern(layer: Int, position: Int) -> Bool {
        capture?.wantsPattern(layer: layer, position: position) == true
            || states?.wantsPattern(layer: layer, position: position) == true
    }

    /// See `DecoderHooks`.
    public func receivePattern(_ pattern: AttentionPattern, layer: Int, position: Int) {
        if let capture, capture.wantsPattern(layer: layer, position: position) {
            record(pattern, capture, layer: layer, position: position)
        }
        if let states, states.wantsPattern(layer: layer, position: position) {
            record { states.read(pattern, layer: layer, into: &$0) }
        }
    }

    /// See `DecoderHooks`.
    public func wants(_ site: BlockSite, layer: Int) -> Bool {
        let site = DecoderSite.block(layer, site)
        return stateEditor.acts(at: site) || states?.wants(site) == true
    }

    /// See `DecoderHooks`.
    public func visit(_ values: Matrix, at site: BlockSite, layer: Int, positions: Range<Int>) {
        pass(values, at: .block(layer, site), positions: positions)
    }

    /// See `DifferentiableHooks`. Nothing is recorded.
    public func change(_ values: Matrix, at site: DecoderSite, positions: Range<Int>) -> Pullback? {
        stateEditor.change(values, at: site, positions: positions)
    }

    /// See `DecoderHooks`.
    public func residual(_ states: Matrix, layer: Int, positions: Range<Int>) {
        for site in DecoderSite.residual(before: layer, of: shape.layers) {
            pass(states, at: site, positions: positions)
        }
        if layer == shape.layers, let capture = self.states {
            record { capture.readFinalNorm(states, positions: positions, into: &$0) }
        }
        if let capture = capture?.sinks, var record = sinks.take() {
            capture.read(states, layer: layer, positions: positions, into: &record)
            sinks = record
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

    // MARK: - Private

    private func record(_ pattern: AttentionPattern, _ capture: AttentionCapture, layer: Int, position: Int) {
        let rolledOut = rollout?.extend(pattern.mean(), layer: layer)
        guard capture.wants(layer: layer, position: position) else { return }
        let excluded = sinks?.layers[layer]?.positions ?? []
        let reduced = capture.reduce(pattern, rolledOut: rolledOut, excluding: excluded)
        rows[position, default: AttentionRow(position: position, layers: [])].layers.append(reduced)
    }

    private func pass(_ values: Matrix, at site: DecoderSite, positions: Range<Int>) {
        stateEditor.apply(to: values, at: site, positions: positions)
        if let states { record { states.read(values, at: site, positions: positions, into: &$0) } }
    }

    /// Changes the record in place: a copy held elsewhere would make every row copy all others.
    private func record(_ body: (inout StateRecord) -> Void) {
        guard var record = stateRecord.take() else { return }
        body(&record)
        stateRecord = record
    }
}
