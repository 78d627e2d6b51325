import Synchronization

/// A run's events on their way to the task that asked for them, which takes all that there are at once.
///
/// Two arrays change places, the one that is written and the one that is read, so none is allocated for an event.
final class EventMailbox: Sendable {
    private struct State {
        var events: [GenerationEvent] = []
        var isClosed = false
        /// The consumer, if it waits.
        var consumer: TaskWaker.Waiting?
    }

    /// Whether tokens and readings are wanted as they come, or the end alone.
    let wantsProgress: Bool
    private let state = Mutex(State())
    private let waker: TaskWaker

    init(wantsProgress: Bool, waker: TaskWaker) {
        self.wantsProgress = wantsProgress
        self.waker = waker
    }

    // MARK: - The engine's side

    func post(_ event: GenerationEvent) {
        let consumer = state.withLock { state in
            guard !state.isClosed else { return nil as TaskWaker.Waiting? }
            state.events.append(event)
            return state.consumer.take()
        }
        if let consumer { waker.wake(consumer) }
    }

    /// No event follows.
    func close() {
        let consumer = state.withLock { state in
            state.isClosed = true
            return state.consumer.take()
        }
        if let consumer { waker.wake(consumer) }
    }

    // MARK: - The consumer's side

    /// Puts what has arrived in the place of `read`, whose memory it takes; `false` once nothing will come.
    func take(_ read: inout [GenerationEvent]) -> Bool {
        read.removeAll(keepingCapacity: true)
        return state.withLock { state in
            swap(&state.events, &read)
            return !read.isEmpty || !state.isClosed
        }
    }

    /// Waits until there is something to take. One consumer waits at a time.
    func wait(isolation: isolated (any Actor)? = #isolation) async {
        await withUnsafeContinuation { continuation in
            let waits = state.withLock { state in
                guard state.events.isEmpty, !state.isClosed else { return false }
                precondition(state.consumer == nil, "one task at a time reads a run's events")
                state.consumer = continuation
                return true
            }
            if !waits { continuation.resume() }
        }
    }
}
