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
    private var active: [Active] = []
    private var prefixes: PrefixCache
    private var statistics = EngineStatistics()

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
        queue = AdmissionQueue(budget: budget)
        statistics.keyValueBudget = budget
        publish()
    }

    /// Runs until the inbox is closed.
    mutating func run() {
        while let tickets = inbox.take(waiting: active.isEmpty && queue.waiting == 0) {
            for ticket in tickets {
                queue.add(ticket, bytes: ticket.request.cacheBytes(model), to: ticket.request.group)
            }
            dropCancelled()
            admit()
            step()
            endFinished()
            publish()
        }
        for ticket in active.map(\.ticket) + queue.removeWaiting(where: { _ in true }) { ticket.onEnd() }
    }

    // MARK: - Private

    private mutating func dropCancelled() {
        statistics.cancelledRuns += queue.removeWaiting(where: \.isCancelled).count
        // A ticket may be called off at any moment: each is asked once, or its memory would never be given back.
        let isGone = active.map(\.ticket.isCancelled)
        for (item, _) in zip(active, isGone).filter(\.1) {
            queue.ended(bytes: item.bytes, of: item.ticket.request.group)
            statistics.cancelledRuns += 1
        }
        active = zip(active, isGone).filter { !$1 }.map(\.0)
    }

    /// Starts what has its turn and fits beside the running sequences; what is only kept for later ones makes room.
    private mutating func admit() {
        while let (ticket, bytes) = queue.next() {
            prefixes.shrink(to: queue.budget - queue.bytes)
            let run = GenerationRun(ticket.request, model: model, start: start(of: ticket.request), emit: ticket.emit)
            statistics.cachedTokens += run.cachedTokens
            statistics.promptTokens += ticket.request.prompt.ids.count - run.cachedTokens
            active.append(Active(ticket: ticket, run: run, bytes: bytes))
        }
    }

    /// The cache that a run begins with: its baseline's, what the request brings, a known prefix, or an empty one.
    private mutating func start(of request: GenerationRequest) -> KeyValueCache {
        if let record = request.record {
            return record.cache.prefix(request.joinPoint.position, fromLayer: request.joinPoint.layer)
        }
        if let shared = request.sharedPrefix { return shared }
        let needed = request.joinPoint(changing: request.interventions, layers: model.probeShape.layers)
        return prefixes.prefix(of: PromptKey(request.prompt), limit: needed.position) ?? model.decoder.makeCache()
    }

    /// One pass of the decoder over every run's next rows.
    private mutating func step() {
        let runs = active.map(\.run)
        let counts = BatchScheduler.rows(for: runs.map(\.work))
        for (run, count) in zip(runs, counts) { run.waited = count > 0 ? 0 : run.waited + 1 }
        // Rows that enter at a later layer join the batch behind the others.
        let stepped = zip(runs, counts).filter { $1 > 0 }.sorted { $0.0.firstLayer < $1.0.firstLayer }
        guard !stepped.isEmpty else { return }
        let start = ContinuousClock.now
        let operations = stepped.reduce(0) { $0 + self.operations(of: $1.0, rows: $1.1) }
        let states = Matrix(rows: counts.reduce(0, +), columns: model.decoder.configuration.hiddenSize)
        var chunks: [DecoderChunk] = []
        for (run, count) in stepped {
            let start = chunks.last?.rows.upperBound ?? 0
            let rows = start..<start + count
            run.embed(into: states.rows(rows), decoder: model.decoder)
            chunks.append(DecoderChunk(rows: rows, sequence: run.sequence, firstLayer: run.firstLayer))
        }
        model.decoder.forward(states, chunks: chunks)
        statistics.steps += 1
        statistics.rows += states.rows
        publish()
        decide(zip(stepped, chunks).map { ($0.0, $1.rows.upperBound - 1) }.filter(\.0.needsLogits), states)
        meter.recordStep(rows: states.rows, operations: operations, seconds: (ContinuousClock.now - start).seconds)
    }

    /// What the decoder does for a run's next rows.
    private func operations(of run: GenerationRun, rows: Int) -> Double {
        let layers = Double(model.probeShape.layers)
        let position = run.sequence.cache.count
        return costs.operations(positions: position..<position + rows) * (layers - Double(run.firstLayer)) / layers
    }

    /// Gives each run whose last row decides a token that row's distribution. Runs decide side by side.
    private mutating func decide(_ deciding: [(run: GenerationRun, row: Int)], _ states: Matrix) {
        guard !deciding.isEmpty else { return }
        let last = Matrix(rows: deciding.count, columns: states.columns)
        for (index, item) in deciding.enumerated() {
            last.rows(index..<index + 1).copy(from: states.rows(item.row..<item.row + 1))
        }
        let logits = model.decoder.logits(last)
        let runs = deciding.map(\.run)
        let answered = runs.map(\.hasAnswered)
        let tokens = runs.reduce(0) { $0 + $1.tokenCount }
        model.decoder.pool.run(tasks: runs.count) { index, _ in
            runs[index].accept(TokenDistribution(logits: logits.row(index)))
        }
        statistics.generatedTokens += runs.reduce(0) { $0 + $1.tokenCount } - tokens
        for (run, hadAnswered) in zip(runs, answered) where !hadAnswered { keep(run) }
    }

    private mutating func endFinished() {
        for item in active where item.run.isFinished {
            item.ticket.onEnd()
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
        statistics.waitingRuns = queue.waiting
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
        let numbers = (self.states?.count(maxTokens: maxTokens) ?? 0) + (capture?.rolloutCount ?? 0)
        return shared.byteCount(growingTo: length + maxTokens)
            + states * model.decoder.configuration.hiddenSize * MemoryLayout<Float>.stride
            + numbers * MemoryLayout<Float>.stride
    }
}
