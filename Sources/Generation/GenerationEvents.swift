/// What a run reports, in order; ends after `.finished`. Whoever lets go of it calls the run off.
public struct GenerationEvents: AsyncSequence, Sendable {
    private let subscription: Subscription

    init(_ ticket: Ticket, engine: InferenceEngine) {
        subscription = Subscription(ticket: ticket, engine: engine)
    }

    /// Events from the first that has not been read.
    public func makeAsyncIterator() -> Iterator { Iterator(subscription) }

    /// Hands out the events that have arrived, and waits for more.
    public struct Iterator: AsyncIteratorProtocol {
        private let subscription: Subscription
        private var events: [GenerationEvent] = []
        private var position = 0

        fileprivate init(_ subscription: Subscription) {
            self.subscription = subscription
        }

        /// The next event; `nil` after the last. A cancelled task gets what had arrived.
        public mutating func next(isolation: isolated (any Actor)?) async -> GenerationEvent? {
            while position == events.count {
                position = 0
                if Task.isCancelled { subscription.callOff() }
                guard subscription.ticket.mailbox.take(&events) else { return nil }
                if events.isEmpty { await subscription.wait(isolation: isolation) }
            }
            defer { position += 1 }
            return events[position]
        }
    }
}

/// A consumer's hold on a run: keeps the engine alive, and calls the run off when it goes.
private final class Subscription: Sendable {
    let ticket: Ticket
    private let engine: InferenceEngine

    init(ticket: Ticket, engine: InferenceEngine) {
        self.ticket = ticket
        self.engine = engine
    }

    deinit { ticket.cancel() }

    func callOff() {
        ticket.cancel()
        ticket.mailbox.close()
    }

    func wait(isolation: isolated (any Actor)?) async {
        await withTaskCancellationHandler {
            await ticket.mailbox.wait(isolation: isolation)
        } onCancel: {
            callOff()
        }
    }
}
