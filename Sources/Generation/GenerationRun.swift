import Foundation
import Models
import Probing
import Tensors
import Tokenization

/// One sequence inside the engine: where it stands and what it has said.
///
/// `@unchecked Sendable`: used by one thread at a time, the engine's or, while it waits, a worker that `accept` runs on.
final class GenerationRun: @unchecked Sendable {
    let request: GenerationRequest
    let sequence: DecoderSequence
    private let probes: ProbeRun?
    private let record: ResidualRecord?
    private let mailbox: EventMailbox
    private let endTokens: Set<Int>
    private var sampler: Sampler
    private var decoder: AnswerDecoder
    private var stopMatcher: StopMatcher
    private var text = ""
    private var tokens: [GeneratedToken] = []
    private var first: TokenDistribution?
    /// The last token's distribution; its memory serves the next.
    private var distribution = TokenDistribution(logits: [])
    private var promptCache: KeyValueCache?
    private var promptRecord: PromptRecord?
    /// Prompt positions that the run did not compute.
    let cachedTokens: Int
    /// Steps since it last got a row.
    var waited = 0
    private let start = ContinuousClock.now
    private var firstToken: ContinuousClock.Instant?
    private(set) var isFinished = false

    init(
        _ request: GenerationRequest,
        model: VisionLanguageModel,
        start cache: KeyValueCache,
        mailbox: EventMailbox
    ) {
        self.request = request
        self.mailbox = mailbox
        endTokens = model.endTokens
        let isProbed =
            !request.interventions.isEmpty || request.capture != nil || request.lens != nil || request.states != nil
            || request.norms != nil
        var lens = request.lens
        if mailbox.wantsProgress { lens?.onReading = { mailbox.post(.reading($0)) } }
        probes =
            isProbed
            ? ProbeRun(
                request.interventions,
                capture: request.capture,
                lens: lens,
                norms: request.norms,
                states: request.states,
                shape: model.probeShape
            ) : nil
        cachedTokens = cache.count
        record =
            request.keptStates.isEmpty
            ? nil
            : ResidualRecord(
                first: request.keptStates,
                end: request.prompt.ids.count,
                width: model.decoder.configuration.hiddenSize
            )
        sequence = DecoderSequence(cache: cache, hooks: probes, record: record)
        sampler = Sampler(request.sampling)
        decoder = AnswerDecoder(model.tokenizer, continuesBeginning: !request.prompt.answerPrefix.isEmpty)
        stopMatcher = StopMatcher(request.stop)
    }

    /// What is left of the prompt, or the next token's row.
    var work: BatchScheduler.Work {
        BatchScheduler.Work(
            group: request.group,
            pending: isDecoding ? 1 : request.prompt.ids.count - sequence.cache.count,
            isDecoding: isDecoding,
            waited: waited
        )
    }

    /// The layer at which the next rows enter; prompt rows of a variant enter where it parts from its baseline.
    var firstLayer: Int { isDecoding ? 0 : request.joinPoint.layer }

    /// Tokens of the answer so far.
    var tokenCount: Int { tokens.count }

    /// Whether the prompt has been answered with a first token or a score.
    var hasAnswered: Bool { first != nil }

    /// Writes the embeddings of the next `rows.rows` positions, or the baseline's states at the layer where they enter.
    func embed(into rows: Matrix, decoder: LlamaDecoder) {
        let start = sequence.cache.count
        if isDecoding {
            for token in tokens.suffix(1) { decoder.embed(token.id, into: rows) }
            return
        }
        let positions = start..<start + rows.rows
        if let shared = request.record?.states[firstLayer] {
            let states = shared.states.rows(positions.lowerBound - shared.first..<positions.upperBound - shared.first)
            return rows.copy(from: states)
        }
        request.prompt.embed(positions, into: rows, decoder: decoder)
    }

    /// Whether the step's last row of this run decides a token.
    var needsLogits: Bool { isDecoding }

    /// Keys and values that another run may start from, and what they are of: positions before any intervention of a run
    /// that computed its prompt by itself.
    var reusable: (key: PromptKey, cache: KeyValueCache)? {
        guard request.record == nil, request.sharedPrefix == nil else { return nil }
        let count = min(sequence.cache.count, request.interventions.firstAffectedPosition ?? .max)
        return (PromptKey(request.prompt, generated: tokens.map(\.id)).prefix(count), sequence.cache)
    }

    /// Chooses the next token by its logits and reports it.
    func accept(_ logits: UnsafeBufferPointer<Float>) {
        distribution.update(logits: logits)
        if first == nil {
            first = distribution
            if request.keepsPromptCache { promptCache = sequence.cache }
            if request.keepsPromptRecord {
                promptRecord = PromptRecord(cache: sequence.cache, states: record?.layers ?? [:])
            }
            firstToken = .now
            guard request.maxTokens > 0 else { return finish(.length, held: "") }
            reserveAnswer()
        }
        let id = sampler.draw(from: distribution)
        if !request.ignoresEnd, endTokens.contains(id) { return end(.stop) }
        let tokenText = decoder.push(id)
        let shown = stopMatcher.push(tokenText)
        let token = GeneratedToken(
            id: id,
            text: tokenText,
            logProbability: distribution[id].logProbability,
            alternatives: distribution.top(request.topLogProbabilities)
        )
        tokens.append(token)
        text += shown
        if mailbox.wantsProgress {
            mailbox.post(.token(token, text: shown, attention: probes?.rows[sequence.cache.count - 1]))
        }
        if stopMatcher.hasStopped {
            finish(.stop, held: "")
        } else if tokens.count == request.maxTokens {
            end(.length)
        }
    }

    // MARK: - Private

    /// Room for the answer, so that it does not grow piece by piece; a long one grows by doubling.
    private func reserveAnswer() {
        let tokens = min(request.maxTokens, 512)
        self.tokens.reserveCapacity(tokens)
        text.reserveCapacity(tokens * 8)
    }

    private var isDecoding: Bool { sequence.cache.count >= request.prompt.ids.count }

    private func end(_ reason: FinishReason) {
        let held = stopMatcher.push(decoder.finish()) + stopMatcher.flush()
        text += held
        finish(stopMatcher.hasStopped ? .stop : reason, held: held)
    }

    private func finish(_ reason: FinishReason, held: String) {
        guard let first, let firstToken else { return }
        isFinished = true
        let result = GenerationResult(
            text: text,
            tokens: tokens,
            finishReason: reason,
            next: first,
            attention: probes?.rows ?? [:],
            sinks: probes?.sinks,
            lens: probes?.lensRecord,
            norms: probes?.norms,
            states: probes?.stateRecord,
            promptCache: promptCache,
            promptRecord: promptRecord,
            cachedTokens: cachedTokens,
            promptSeconds: (firstToken - start).seconds,
            decodeSeconds: (ContinuousClock.now - firstToken).seconds
        )
        mailbox.post(.finished(result, text: held))
    }
}

extension Duration {
    /// The duration in seconds.
    public var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
