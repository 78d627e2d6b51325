import Dispatch
import Synchronization

/// Wakes tasks that wait for the engine's events, away from the engine's threads.
///
/// To have a task run, libdispatch takes blocks of memory from a cache of the thread that asks, and the thread that runs it
/// puts them into its own. The engine's threads never run a task and would allocate for every token. So a dispatch source
/// resumes the tasks, those of one step together, on the threads that run tasks of default priority.
final class TaskWaker: Sendable {
    typealias Waiting = UnsafeContinuation<Void, Never>

    /// Continuations to resume, and an array whose memory serves the next ones.
    private struct State {
        var waiting: [Waiting] = []
        var spare: [Waiting] = []
    }

    /// What the source's handler shares with the waker.
    private final class Shared: Sendable {
        let state = Mutex(State())

        func resumeAll() {
            var waiting = state.withLock { state in
                defer { (state.waiting, state.spare) = (state.spare, []) }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
            waiting.removeAll(keepingCapacity: true)
            state.withLock { $0.spare = waiting }
        }
    }

    private let shared = Shared()
    /// Unsafe only to the compiler: libdispatch's sources may be used from any thread.
    nonisolated(unsafe) private let source: any DispatchSourceUserDataAdd

    init() {
        // A serial queue of its own would have threads of its own, too.
        let queue = DispatchQueue(label: "fovea.events", target: .global(qos: .default))
        source = DispatchSource.makeUserDataAddSource(queue: queue)
        source.setEventHandler { @Sendable [shared] in shared.resumeAll() }
        source.activate()
    }

    /// Resumes a task soon. Whoever waits keeps the waker alive, for a source that is let go drops what it was told.
    func wake(_ continuation: Waiting) {
        shared.state.withLock { $0.waiting.append(continuation) }
        source.add(data: 1)
    }
}
