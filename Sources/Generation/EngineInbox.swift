import Foundation
import Synchronization

/// A run that was handed in, and the means to call it off.
final class Ticket: Sendable {
    let request: GenerationRequest
    let mailbox: EventMailbox
    private let cancelled = Atomic(false)

    init(request: GenerationRequest, mailbox: EventMailbox) {
        self.request = request
        self.mailbox = mailbox
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func cancel() { cancelled.store(true, ordering: .relaxed) }
}

/// New work on its way to the engine's thread.
///
/// `@unchecked Sendable`: both fields are touched only while `condition` is locked.
final class EngineInbox: @unchecked Sendable {
    private let condition = NSCondition()
    private var tickets: [Ticket] = []
    private var isClosed = false

    func post(_ ticket: Ticket) {
        condition.withLock {
            tickets.append(ticket)
            condition.signal()
        }
    }

    func close() {
        condition.withLock {
            isClosed = true
            condition.signal()
        }
    }

    /// The new tickets; waits for one when the engine has nothing else to do. `nil` once closed.
    func take(waiting: Bool) -> [Ticket]? {
        condition.withLock {
            while waiting, tickets.isEmpty, !isClosed { condition.wait() }
            guard !isClosed else { return nil }
            defer { tickets = [] }
            return tickets
        }
    }
}
