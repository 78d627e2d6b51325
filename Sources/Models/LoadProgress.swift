import Synchronization

/// Counts the blocks of a model as they are read and packed, and tells whoever waits.
public final class LoadProgress: Sendable {
    private let report: @Sendable (_ done: Int, _ total: Int) -> Void
    private let state = Mutex((done: 0, total: 0))

    /// `report` is called after each block, on the loading thread.
    public init(_ report: @escaping @Sendable (_ done: Int, _ total: Int) -> Void) {
        self.report = report
    }

    /// Announces further blocks.
    func expect(_ blocks: Int) {
        state.withLock { $0.total += blocks }
    }

    /// One block is in memory.
    func advance() {
        let (done, total) = state.withLock { state in
            state.done += 1
            return state
        }
        report(done, total)
    }
}
