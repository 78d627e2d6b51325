import Dispatch
import Synchronization

/// The serial queue that all sockets of a server live on, as an executor for the actors that own them.
///
/// One queue for all, rather than one for each connection: every source is then made and cancelled on the same queue,
/// which keeps clear of libdispatch's races between epoll events and cancellation, and actors on it may enter each
/// other without suspending. Only system calls that do not block and parsing happen here; handlers never do.
final class EventLoop: SerialExecutor {
    let queue = DispatchQueue(label: "fovea.server")
    /// The buffer all receiving goes through; only ever used on the queue, so the lock is never contended.
    private let scratch = Mutex([UInt8](repeating: 0, count: 64 * 1024))

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { @Sendable in job.runSynchronously(on: executor) }
    }

    func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }

    /// Receives once and shows the bytes to `consume`.
    func receive(from socket: Socket, _ consume: (UnsafeRawBufferPointer) -> Void) -> Socket.Transfer {
        scratch.withLock { buffer in
            buffer.withUnsafeMutableBytes { bytes in
                let result = socket.receive(into: bytes)
                if case .moved(let count) = result, count > 0 {
                    consume(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                }
                return result
            }
        }
    }
}
