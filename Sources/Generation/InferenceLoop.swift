import Models
import Probing
import Tensors

/// The engine's thread: admit, step, report.
struct InferenceLoop {
    /// A sequence under way.
    private struct Active {
        let ticket: Ticket
        let run: GenerationRun
        /// Bytes of keys and values that it may come to.
        let bytes: Int
    }

    private let model: VisionLanguageModel
    private let inbox: EngineInbox
    private let status: EngineStatus
    private let meter: RateMeter
    private let costs: CostModel
    private var queue: AdmissionQueue<Ticket>
    private var admitted: [AdmittedSequence] = []
    private var active: [Active] = []
    private var prefixes: PrefixCache
    private var statistics = EngineStatistics()
    private var work: [BatchScheduler.Work] = []
    private var rows: [Int] = []
    private var batch: StepBatch

    init(
        model: VisionLanguageModel,
        inbox: EngineInbox,
        status: EngineStatus,
        meter: RateMeter,
        budget: Int,
        prefixes: PrefixCache
    ) {
        self.model = model
        self.inbox = inbox
        self.status = status
        self.meter = meter
        costs = CostModel(model: model, cacheBudget: budget)
        self.prefixes = prefixes
        batch = StepBatch(model.decoder.configuration)
        queue = AdmissionQueue(budget: budget)
        statistics.keyValueBudget = budget
        publish()
    }

    /// Runs until the inbox is closed.
    mutating func run() {
        while let tickets = inbox.take(waiting: active.isEmpty && admitted.isEmpty && queue.waiting == 0) {
            for ticket in tickets {
                queue.add(ticket, bytes: ticket.request.cacheBytes(model), to: ticket.request.group)
            }
            dropCancelled()
            admit()
            start()
            step()
            endFinished()
            publish()
        }
        let waiting = admitted.map(\.ticket) + queue.removeWaiting(where: { _ in true })
        for ticket in active.map(\.ticket) + waiting { ticket.mailbox.close() }
    }

    // MARK: - Private

    private mutating func dropCancelled() {
        statistics.cancelledRuns += queue.removeWaiting(where: \.isCancelled).count
        // A ticket may be called off at any moment: each is asked once, or its memory would never be given back.
        let gone =
            active.takeOut(where: \.ticket.isCancelled).map { ($0.ticket, $0.bytes) }
            + admitted.takeOut(where: \.ticket.isCancelled).map { ($0.ticket, $0.bytes) }
        for (ticket, bytes) in gone { queue.ended(bytes: bytes, of: ticket.request.group) }
        statistics.cancelledRuns += gone.count
    }

    /// Takes in what has its turn and fits beside the running sequences; what is only kept for later ones makes room.
    private mutating func admit() {
        while let (ticket, bytes) = queue.next() {
            prefixes.shrink(to: queue.budget - queue.bytes)
            admitted.append(admittedSequence(ticket, bytes: bytes))
        }
    }

    /// An admitted sequence with the cache that it begins with: its baseline's, what the request brings, a known prefix, or
    /// an empty one.
    private mutating func admittedSequence(_ ticket: Ticket, bytes: Int) -> AdmittedSequence {
        let request = ticket.request
        if let record = request.record {
            let start = record.cache.prefix(request.joinPoint.position, fromLayer: request.joinPoint.layer)
            return AdmittedSequence(ticket, bytes: bytes, start: start, wanted: nil)
        }
        if let shared = request.sharedPrefix {
            return AdmittedSequence(ticket, bytes: bytes, start: shared, wanted: nil)
        }
        let needed = request.joinPoint(changing: request.interventions, layers: model.probeShape.layers)
        let key = PromptKey(request.prompt)
        let start = prefixes.prefix(of: key, limit: needed.position) ?? model.decoder.makeCache()
        // Whoever wants nothing kept for others wants nothing shared with them either.
        let wanted = prefixes.statistics.limit > 0 ? (key, needed.position) : nil
        return AdmittedSequence(ticket, bytes: bytes, start: start, wanted: wanted)
    }

    /// Starts the admitted sequences but for those that wait for a prompt which begins like theirs.
    private mutating func start() {
        guard !admitted.isEmpty else { return }
        var waiting: [AdmittedSequence] = []
        for var item in admitted {
            if item.waits(for: active.lazy.map(\.run)) {
                waiting.append(item)
                continue
            }
            let ticket = item.ticket
            let run = GenerationRun(ticket.request, model: model, start: item.start, mailbox: ticket.mailbox)
            statistics.cachedTokens += run.cachedTokens
            statistics.promptTokens += ticket.request.prompt.ids.count - run.cachedTokens
            active.append(Active(ticket: ticket, run: run, bytes: item.bytes))
        }
        admitted = waiting
    }

    /// One pass of the decoder over every run's next rows.
    private mutating func step() {
        work.removeAll(keepingCapacity: true)
        for item in active { work.append(item.run.work) }
        BatchScheduler.share(&rows, for: work)
        let start = ContinuousClock.now
        var operations = 0.0
        for (item, count) in zip(active, rows) {
            item.run.waited = count > 0 ? 0 : item.run.waited + 1
            guard count > 0 else { continue }
            operations += self.operations(of: item.run, rows: count)
            batch.add(item.run, rows: count)
        }
        defer { batch.clear() }
        guard batch.gather(decoder: model.decoder) else { return }
        model.decoder.forward(batch.states, chunks: batch.chunks)
        statistics.steps += 1
        statistics.rows += batch.states.rows
        publish()
        decide()
        let seconds = (ContinuousClock.now - start).seconds
        meter.recordStep(rows: batch.states.rows, operations: operations, seconds: seconds)
    }

    /// What the decoder does for a run's next rows.
    private func operations(of run: GenerationRun, rows: Int) -> Double {
        let layers = Double(model.probeShape.layers)
        let position = run.sequence.cache.count
        return costs.operations(positions: position..<position + rows) * (layers - Double(run.firstLayer)) / layers
    }

    /// Gives each run whose last row decides a token that row's logits. Runs decide side by side.
    private mutating func decide() {
        let logits = batch.decide(decoder: model.decoder)
        let deciding = batch.deciding
        let tokens = deciding.reduce(0) { $0 + $1.run.tokenCount }
        // Kept once answered; whoever has answered before has been.
        let answering = deciding.filter { !$0.run.hasAnswered }
        model.decoder.pool.run(tasks: deciding.count) { index, _ in
            logits.withRow(index) { deciding[index].run.accept(UnsafeBufferPointer($0)) }
        }
        statistics.generatedTokens += deciding.reduce(0) { $0 + $1.run.tokenCount } - tokens
        for item in answering { keep(item.run) }
    }

    private mutating func endFinished() {
        for item in active where item.run.isFinished {
            item.ticket.mailbox.close()
            queue.ended(bytes: item.bytes, of: item.ticket.request.group)
            statistics.finishedRuns += 1
            keep(item.run)
        }
        active.removeAll(where: \.run.isFinished)
    }

    /// Keeps what of a run is nobody's intervention for later prompts, as far as running sequences leave room.
    private mutating func keep(_ run: GenerationRun) {
        guard let (key, cache) = run.reusable else { return }
        prefixes.insert(key, cache)
        prefixes.shrink(to: queue.budget - queue.bytes)
    }

    private mutating func publish() {
        statistics.waitingRuns = queue.waiting + admitted.count
        statistics.activeRuns = active.count
        statistics.keyValueBytes = queue.bytes
        statistics.prefixes = prefixes.statistics
        status.publish(statistics)
    }
}

extension GenerationRequest {
    /// Bytes of keys, values and kept states that the run adds to what its baseline or caller holds.
    func cacheBytes(_ model: VisionLanguageModel) -> Int {
        let length = prompt.ids.count
        let shared = record.map { $0.cache.prefix(joinPoint.position) } ?? sharedPrefix ?? model.decoder.makeCache()
        let states = keptStates.values.reduce(0) { $0 + length - $1 }
        let recorded = (self.states?.count(maxTokens: maxTokens) ?? 0) + (capture?.numberCount ?? 0)
        return shared.byteCount(growingTo: length + maxTokens)
            + states * model.decoder.configuration.hiddenSize * MemoryLayout<Float>.stride
            + (recorded + (capture?.rolloutCount ?? 0)) * MemoryLayout<Float>.stride
    }
}

extension Array {
    /// Removes the elements that meet a condition, which each is asked for once, and returns them.
    fileprivate mutating func takeOut(where condition: (Element) -> Bool) -> [Element] {
        var taken: [Element] = []
        removeAll { element in
            guard condition(element) else { return false }
            taken.append(element)
            return true
        }
        return taken
    }
}
