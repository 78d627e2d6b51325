public import Tensors

/// What a probe may see and change while one sequence passes through the decoder.
///
/// Plain generation runs without hooks through the same kernels. Calls come from the thread that runs the step, in
/// layer order; positions count from the sequence's start. `DecoderSite` names the places.
public protocol DecoderHooks: AnyObject {
    /// The edges to change for the rows at `positions`, given that each may see keys `0..<keyCount`; `nil` for none.
    func attentionEdits(layer: Int, positions: Range<Int>, keyCount: Int) -> AttentionEdits?
    /// Whether `receivePattern` wants the row at `position`.
    func wantsPattern(layer: Int, position: Int) -> Bool
    /// One row of attention, `[heads][keys]`, after all edits.
    func receivePattern(_ pattern: AttentionPattern, layer: Int, position: Int)
    /// The residual stream `[positions, hidden]` before block `layer`; `layer` = L is the state after the last block,
    /// before the final norm. It may be written to.
    func residual(_ states: Matrix, layer: Int, positions: Range<Int>)
    /// Whether `visit` wants the values at a place within block `layer`; a place that nobody asks for costs nothing.
    func wants(_ site: BlockSite, layer: Int) -> Bool
    /// The values at a place within block `layer`, one row for each position. They may be written to. The residual
    /// stream before and after the block comes through `residual` and patterns through `receivePattern`.
    func visit(_ values: Matrix, at site: BlockSite, layer: Int, positions: Range<Int>)
}

extension DecoderHooks {
    /// No edges change.
    public func attentionEdits(layer: Int, positions: Range<Int>, keyCount: Int) -> AttentionEdits? { nil }
    /// No row is wanted.
    public func wantsPattern(layer: Int, position: Int) -> Bool { false }
    /// Patterns are ignored.
    public func receivePattern(_ pattern: AttentionPattern, layer: Int, position: Int) {}
    /// The residual stream is left alone.
    public func residual(_ states: Matrix, layer: Int, positions: Range<Int>) {}
    /// Nothing is asked for.
    public func wants(_ site: BlockSite, layer: Int) -> Bool { false }
    /// Values are left alone.
    public func visit(_ values: Matrix, at site: BlockSite, layer: Int, positions: Range<Int>) {}
}
