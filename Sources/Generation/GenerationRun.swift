import Foundation
import Models
import Probing
import Tensors
import Tokenization

/// One sequence inside the engine: where it stands and what it has said.
final class GenerationRun {
    let request: GenerationRequest
    let sequence: DecoderSequence
    private let probes: ProbeRun?
    private let emit: (GenerationEvent) -> Void
    private let endTokens: Set<Int>
    private var sampler: Sampler
    private var decoder: AnswerDecoder
    private var stopMatcher: StopMatcher
    private var text = ""
    private var tokens: [GeneratedToken] = []
    private var first: TokenDistribution?
    private var promptCache: KeyValueCache?
    private let cachedTokens: Int
    private let start = ContinuousClock.now
    private var firstToken: ContinuousClock.Instant?
    private(set) var isFinished = false

    init(
        _ request: GenerationRequest,
        model: VisionLanguageModel,
        emit: @escaping (GenerationEvent) -> Void
    ) {
        self.request = request
        self.emit = emit
        endTokens = model.endTokens
        let isProbed =
            !request.interventions.isEmpty || request.capture != nil || request.lens != nil || request.norms != nil
        probes =
            isProbed
            ? ProbeRun(
                request.interventions,
                capture: request.capture,
                lens: request.lens,
                norms: request.norms,
                shape: model.probeShape
            ) : nil
        let cache = request.sharedPrefix ?? model.decoder.makeCache()
        cachedTokens = cache.count
        sequence = DecoderSequence(cache: cache, hooks: probes)
        sampler = Sampler(request.sampling)
        decoder = AnswerDecoder(model.tokenizer, prefix: request.prompt.answerPrefix)
        stopMatcher = StopMatcher(request.stop)
    }

    var work: BatchScheduler.Work {
        let position = sequence.cache.count
        let length = request.prompt.ids.count
        return position < length
            ? BatchScheduler.Work(pending: length - position, isDecoding: false)
            : BatchScheduler.Work(pending: 1, isDecoding: true)
    }

    /// Writes the embeddings of the next `rows.rows` positions.
    func embed(into rows: Matrix, decoder: LlamaDecoder) {
        let start = sequence.cache.count
        if start >= request.prompt.ids.count {
            decoder.embed(tokens.suffix(1).map(\.id), into: rows)
            return
        }
        let positions = start..<start + rows.rows
        decoder.embed(Array(request.prompt.ids[positions]), into: rows)
        for (placement, embeddings) in zip(request.prompt.layout.images, request.prompt.images) {
            let overlap = placement.positions.clamped(to: positions)
            guard !overlap.isEmpty else { continue }
            let first = placement.positions.lowerBound
            rows.rows(overlap.lowerBound - start..<overlap.upperBound - start).copy(
                from: embeddings.rows(overlap.lowerBound - first..<overlap.upperBound - first)
            )
        }
    }

    /// Whether the step's last row of this run decides a token.
    var needsLogits: Bool { sequence.cache.count >= request.prompt.ids.count }

    /// Chooses the next token from its logits and reports it.
    func accept(_ logits: [Float]) {
        let distribution = TokenDistribution(logits: logits)
        if first == nil {
            first = distribution
            if request.keepsPromptCache { promptCache = sequence.cache }
            firstToken = .now
            guard request.maxTokens > 0 else { return finish(.length, held: "") }
        }
        let id = sampler.draw(from: distribution)
        if endTokens.contains(id) { return end(.stop) }
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
        emit(.token(token, text: shown))
        if stopMatcher.hasStopped {
            finish(.stop, held: "")
        } else if tokens.count == request.maxTokens {
            end(.length)
        }
    }

    // MARK: - Private

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
            lens: probes?.lensRecord,
            norms: probes?.norms,
            promptCache: promptCache,
            cachedTokens: cachedTokens,
            promptSeconds: (firstToken - start).seconds,
            decodeSeconds: (ContinuousClock.now - firstToken).seconds
        )
        emit(.finished(result, text: held))
    }
}

extension Duration {
    /// The duration in seconds.
    public var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
