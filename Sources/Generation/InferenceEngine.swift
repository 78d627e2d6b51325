import Foundation
public import Models

/// Runs sequences on one thread of its own; all that are under way share every step.
///
/// Work is handed in from any task and reported as events. A consumer that goes away cancels its run between two steps.
public final class InferenceEngine: Sendable {
    /// The resident model.
    public let model: VisionLanguageModel
    /// Bytes that keys and values of all running sequences may take together; what does not fit waits.
    public let cacheBudget: Int
    private let inbox = EngineInbox()
    private let status = EngineStatus()
    private let waker = TaskWaker()
    /// How fast it runs; whoever encodes pictures for it may note that here too.
    public let meter = RateMeter()

    /// Starts the engine's thread.
    ///
    /// - Parameters:
    ///   - cacheBudget: bytes for keys and values; without it most of the memory that is left is used.
    ///   - prefixBytes: bytes of these that sequences which have ended may hold for later ones; 0 keeps nothing. Running
    ///     sequences take them back when they need them.
    public init(model: VisionLanguageModel, cacheBudget: Int? = nil, prefixBytes: Int = 0) {
        self.model = model
        let budget = cacheBudget ?? MemoryBudget.available()
        self.cacheBudget = budget
        let (inbox, status, meter) = (inbox, status, meter)
        let thread = Thread {
            let prefixes = PrefixCache(limit: min(prefixBytes, budget))
            var loop = InferenceLoop(
                model: model,
                inbox: inbox,
                status: status,
                meter: meter,
                budget: budget,
                prefixes: prefixes
            )
            loop.run()
        }
        thread.name = "fovea.engine"
        thread.stackSize = 16 << 20
        thread.start()
    }

    /// Bytes that ended sequences may hold unless one says otherwise: 16 full contexts, at most a quarter of the memory
    /// that is left.
    public static func standardCacheBytes(for model: VisionLanguageModel) -> Int {
        min(MemoryBudget.available() / 4, 16 * model.decoder.makeCache().byteCount(growingTo: model.contextLength))
    }

    deinit {
        inbox.close()
    }

    /// What it did so far and what it is doing.
    public var statistics: EngineStatistics { status.current }

    /// Refuses a sequence that could not even run alone.
    public func checkMemory(for request: GenerationRequest) throws(MemoryError) {
        let needed = request.cacheBytes(model)
        guard needed <= cacheBudget else { throw MemoryError(needed: needed, budget: cacheBudget) }
    }

    /// Runs one sequence, and reports each token as it comes.
    public func generate(_ request: GenerationRequest) -> GenerationEvents {
        events(of: request, wantsProgress: true)
    }

    /// Runs one sequence to its end; `nil` when the surrounding task was cancelled.
    public func result(of request: GenerationRequest) async -> GenerationResult? {
        for await event in events(of: request, wantsProgress: false) {
            if case .finished(let result, _) = event { return result }
        }
        return nil
    }

    // MARK: - Private

    private func events(of request: GenerationRequest, wantsProgress: Bool) -> GenerationEvents {
        let ticket = Ticket(request: request, mailbox: EventMailbox(wantsProgress: wantsProgress, waker: waker))
        inbox.post(ticket)
        return GenerationEvents(ticket, engine: self)
    }
}
