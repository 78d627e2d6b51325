import Dispatch
import Synchronization

/// A serial queue for long work that tasks wait for; work whose task is cancelled is dropped.
struct CancellableQueue: Sendable {
    private let queue: DispatchQueue

    init(_ label: String) {
        queue = DispatchQueue(label: label)
    }

    /// Runs `body` in its turn unless the task has been cancelled by then. `body` may ask its argument between steps.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (CancellationState) throws -> Value
    ) async throws -> Value {
        let state = CancellationState()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async {
                    continuation.resume(
                        with: Result {
                            try state.check()
                            return try body(state)
                        }
                    )
                }
            }
        } onCancel: {
            state.cancel()
        }
    }
}

/// Whether the task that asked for a piece of work still wants it.
final class CancellationState: Sendable {
    private let isCancelled = Atomic(false)

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    func check() throws {
        if isCancelled.load(ordering: .relaxed) { throw CancellationError() }
    }
}
