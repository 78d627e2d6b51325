import Foundation
public import Models
import Synchronization
import Tensors

/// Runs sequences on one thread of its own; all that are under way share every step.
///
/// Work is handed in from any task and reported as events. A consumer that goes away cancels its run between two steps.
public final class InferenceEngine: Sendable {
    /// The resident model.
    public let model: VisionLanguageModel
    /// Bytes that keys and values of all running sequences may take together; what does not fit waits.
    public let cacheBudget: Int
    private let inbox = Inbox()

    /// Starts the engine's thread. Without a `cacheBudget` most of the memory that is left is used.
    public init(model: VisionLanguageModel, cacheBudget: Int? = nil) {
        self.model = model
        let budget = cacheBudget ?? MemoryBudget.available()
        self.cacheBudget = budget
        let inbox = inbox
        let thread = Thread { InferenceLoop(model: model, inbox: inbox, budget: budget).run() }
        thread.name = "fovea.engine"
        thread.stackSize = 16 << 20
        thread.start()
    }

    deinit {
        inbox.close()
    }

    /// Refuses a sequence that could not even run alone.
    public func checkMemory(for request: GenerationRequest) throws(MemoryError) {
        let needed = request.cacheBytes(model)
        guard needed <= cacheBudget else { throw MemoryError(needed: needed, budget: cacheBudget) }
    }

    /// Runs one sequence. The stream ends after `.finished`.
    public func generate(_ request: GenerationRequest) -> AsyncStream<GenerationEvent> {
        AsyncStream { continuation in
            let ticket = Ticket(request: request) {
                continuation.yield($0)
            } onEnd: {
                continuation.finish()
            }
            // The stream keeps the engine alive until its end.
            continuation.onTermination = { _ in withExtendedLifetime(self) { ticket.cancel() } }
            inbox.post(ticket)
        }
    }

    /// Runs one sequence to its end; `nil` when the surrounding task was cancelled.
    public func result(of request: GenerationRequest) async -> GenerationResult? {
        for await event in generate(request) {
            if case .finished(let result, _) = event { return result }
        }
        return nil
    }
}

/// A run that was handed in, and the means to call it off.
private final class Ticket: Sendable {
    let request: GenerationRequest
    let emit: @Sendable (GenerationEvent) -> Void
    let onEnd: @Sendable () -> Void
    private let cancelled = Atomic(false)

    init(
        request: GenerationRequest,
        emit: @escaping @Sendable (GenerationEvent) -> Void,
        onEnd: @escaping @Sendable () -> Void
    ) {
        self.request = request
        self.emit = emit
        self.onEnd = onEnd
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func cancel() { cancelled.store(true, ordering: .relaxed) }
}

/// New work on its way to the engine's thread.
///
/// `@unchecked Sendable`: both fields are touched only while `condition` is locked.
private final class Inbox: @unchecked Sendable {
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

/// The engine's thread: admit, step, report.
private struct InferenceLoop {
    let model: VisionLanguageModel
    let inbox: Inbox
    let budget: Int

    func run() {
        var waiting: [Ticket] = []
        var active: [(ticket: Ticket, run: GenerationRun)] = []
        while let tickets = inbox.take(waiting: active.isEmpty && waiting.isEmpty) {
            waiting += tickets
            waiting.removeAll(where: \.isCancelled)
            active.removeAll { $0.ticket.isCancelled }
            admit(&waiting, to: &active)
            step(active.map(\.run))
            for (ticket, run) in active where run.isFinished { ticket.onEnd() }
            active.removeAll { $0.run.isFinished }
        }
        for ticket in waiting + active.map(\.ticket) { ticket.onEnd() }
    }

    /// Starts what fits beside the running sequences, in order of arrival; one always runs.
    private func admit(_ waiting: inout [Ticket], to active: inout [(ticket: Ticket, run: GenerationRun)]) {
        var taken = active.reduce(0) { $0 + $1.ticket.request.cacheBytes(model) }
        while let next = waiting.first {
            taken += next.request.cacheBytes(model)
            guard taken <= budget || active.isEmpty else { return }
            active.append((next, GenerationRun(next.request, model: model, emit: next.emit)))
            waiting.removeFirst()
        }
    }

    /// One pass of the decoder over every run's next rows.
    private func step(_ runs: [GenerationRun]) {
        let counts = BatchScheduler.rows(for: runs.map(\.work))
        let states = Matrix(rows: counts.reduce(0, +), columns: model.decoder.configuration.hiddenSize)
        guard states.rows > 0 else { return }
        var chunks: [DecoderChunk] = []
        var stepped: [(run: GenerationRun, lastRow: Int)] = []
        var row = 0
        for (run, count) in zip(runs, counts) where count > 0 {
            run.embed(into: states.rows(row..<row + count), decoder: model.decoder)
            chunks.append(DecoderChunk(rows: row..<row + count, sequence: run.sequence))
            row += count
            stepped.append((run, row - 1))
        }
        model.decoder.forward(states, chunks: chunks)

        let deciding = stepped.filter { $0.run.needsLogits }
        guard !deciding.isEmpty else { return }
        let last = Matrix(rows: deciding.count, columns: states.columns)
        for (index, item) in deciding.enumerated() {
            last.rows(index..<index + 1).copy(from: states.rows(item.lastRow..<item.lastRow + 1))
        }
        let logits = model.decoder.logits(last)
        for (index, item) in deciding.enumerated() { item.run.accept(logits.row(index)) }
    }
}

extension GenerationRequest {
    /// Bytes of keys and values that the run adds to what it shares.
    fileprivate func cacheBytes(_ model: VisionLanguageModel) -> Int {
        (sharedPrefix ?? model.decoder.makeCache()).byteCount(growingTo: prompt.ids.count + maxTokens)
    }
}
