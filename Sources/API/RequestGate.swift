import HTTPCore
import HTTPTypes
import Synchronization

/// Counts the model requests under way and refuses those over a limit.
final class RequestGate: Sendable {
    /// One request's place, free again when nobody holds it any more.
    final class Place: Sendable {
        private let gate: RequestGate

        fileprivate init(_ gate: RequestGate) { self.gate = gate }

        deinit { gate.count.withLock { $0 -= 1 } }
    }

    private let limit: Int
    private let count = Mutex(0)

    /// Lets `limit` requests in at a time.
    init(limit: Int) {
        self.limit = limit
    }

    /// Requests under way.
    var current: Int { count.withLock { $0 } }

    func enter() throws(HTTPError) -> Place {
        let isFull = count.withLock { count in
            guard count < limit else { return true }
            count += 1
            return false
        }
        guard !isFull else {
            throw HTTPError(
                status: .tooManyRequests,
                type: "rate_limit_error",
                code: "queue_full",
                message: "\(limit) requests are under way, which is the limit; ask again in a few seconds",
                headers: [.retryAfter: "2"]
            )
        }
        return Place(self)
    }
}
