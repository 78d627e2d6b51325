import Foundation
import Generation
import Imaging
import JSON
import Models
import Probing
import Tensors
import Tokenization

/// Capture, sweeps and second questions on a prompt with a picture.
struct ProbeBenchmark {
    let engine: InferenceEngine
    let options: BenchmarkOptions
    /// The picture's embeddings.
    let embeddings: Matrix
    let image: PreparedImage

    /// Bytes of the caches of prefixes and of pictures.
    static let cacheBytes = 512 << 20
    /// Tokens of each generative variant.
    static let variantTokens = 64

    private var shape: ProbeShape { engine.model.probeShape }

    /// `{plain_seconds, capture_seconds, overhead}`: decoding with and without recording every layer's head-mean image row
    /// of each token, by turns.
    func capture(_ prompts: inout SyntheticPrompts) async throws -> JSONValue {
        let request = answer(to: prompts.picture(embeddings, image), tokens: options.decode)
        var first = request
        first.maxTokens = 0
        first.keepsPromptCache = true
        guard let cache = try await result(of: first).promptCache else { throw CancellationError() }
        var plain = request
        plain.sharedPrefix = cache.prefix(request.prompt.ids.count - 1)
        var captured = plain
        try captured.record(shape: shape)
        var seconds: (plain: [Double], captured: [Double]) = ([], [])
        for repetition in 0...options.repetitions {
            let first = try await result(of: plain).decodeSeconds
            let second = try await result(of: captured).decodeSeconds
            guard repetition > 0 else { continue }
            seconds.plain.append(first)
            seconds.captured.append(second)
        }
        let (without, with) = (median(seconds.plain), median(seconds.captured))
        return [
            "positions": .integer(request.prompt.ids.count),
            "tokens": .integer(options.decode),
            "plain_seconds": .number(without),
            "capture_seconds": .number(with),
            "overhead": .number(with / without - 1),
        ]
    }

    /// `{prefill_seconds, last_token_24_seconds, all_36_seconds, generative_27_seconds, sequential_27_seconds}`
    func sweep(_ prompts: inout SyntheticPrompts, report: (String) -> Void) async throws -> JSONValue {
        var cold: [Double] = []
        for _ in 0..<options.repetitions {
            let request = GenerationRequest(prompt: prompts.picture(embeddings, image), maxTokens: 0)
            cold.append(try await result(of: request).promptSeconds)
        }
        report("prefill: \(median(cold).rounded(to: 3)) s")
        let prompt = prompts.picture(embeddings, image)
        let conditions = SweepConditions(layout: prompt.layout, shape: shape)
        let last = try conditions.lastToken()
        let all = try last + conditions.lastRow()
        let scored = answer(to: prompt, tokens: 0)
        let scoredRecord = try await record(of: scored, changes: all)
        let lastSeconds = try await repeated { try await variants(last, of: scored, scoredRecord) }
        report("\(last.count) conditions at the last token: \(lastSeconds.rounded(to: 3)) s")
        let allSeconds = try await repeated { try await variants(all, of: scored, scoredRecord) }
        report("all \(all.count) conditions: \(allSeconds.rounded(to: 3)) s")

        let generative = conditions.generative()
        let answered = answer(to: prompt, tokens: Self.variantTokens)
        let answeredRecord = try await record(of: answered, changes: generative)
        let together = try await timed { try await variants(generative, of: answered, answeredRecord) }.seconds
        report("\(generative.count) variants together: \(together.rounded(to: 2)) s")
        // One of each knockout stands for its nine: they differ in the layers alone.
        var alone: [Double] = []
        for index in stride(from: 0, to: generative.count, by: 9).prefix(options.repetitions) {
            alone.append(try await sequential(generative[index], &prompts))
        }
        let sequential = alone.reduce(0, +) / Double(alone.count) * Double(generative.count)
        report("one by one: \(sequential.rounded(to: 1)) s, from \(alone.count) of them")
        return [
            "prefill_seconds": .number(median(cold)),
            "last_token_24_seconds": .number(lastSeconds),
            "all_36_seconds": .number(allSeconds),
            "generative_27_seconds": .number(together),
            "sequential_27_seconds": .number(sequential),
            "sequential_measured": .integer(alone.count),
        ]
    }

    /// `{cold_seconds, first_token_seconds, share}`: another question about a picture that was asked about before.
    func secondQuestion(_ prompts: inout SyntheticPrompts) async throws -> JSONValue {
        let preparer = PromptPreparer(model: engine.model, pictureBytes: Self.cacheBytes)
        let bytes = try PNGEncoder.encode(prompts.noise())
        func ask(_ question: String) async throws -> Double {
            try await timed {
                let message = ChatMessage(role: .user, parts: [.image(0), .text(question)])
                let picture = PromptImage(id: "img_noise", bytes: bytes, path: "picture")
                let prompt = try await preparer.prepare([message], images: [picture])
                _ = try await result(of: GenerationRequest(prompt: prompt, maxTokens: 0))
            }.seconds
        }
        let cold = try await ask("What is it?")
        let second = try await ask("Is it red?")
        return [
            "cold_seconds": .number(cold),
            "first_token_seconds": .number(second),
            "share": .number(second / cold),
        ]
    }

    // MARK: - Private

    private func answer(to prompt: PreparedPrompt, tokens: Int) -> GenerationRequest {
        var request = GenerationRequest(prompt: prompt, maxTokens: tokens)
        request.ignoresEnd = true
        return request
    }

    /// What the variants of a run start from, once its prompt has run.
    private func record(of request: GenerationRequest, changes: [ResolvedInterventions]) async throws -> PromptRecord {
        var baseline = request.baseline(of: changes, layers: shape.layers)
        baseline.maxTokens = 0
        guard let record = try await result(of: baseline).promptRecord else { throw CancellationError() }
        return record
    }

    /// Runs variants as rows of one batch.
    private func variants(
        _ changes: [ResolvedInterventions],
        of request: GenerationRequest,
        _ record: PromptRecord
    ) async throws {
        let requests = changes.map { request.variant($0, of: record, layers: shape.layers) }
        let results = await engine.results(of: requests)
        guard results.count == requests.count else { throw CancellationError() }
    }

    /// One variant as a request of its own, of a prompt that was not seen before.
    private func sequential(_ interventions: ResolvedInterventions, _ prompts: inout SyntheticPrompts) async throws
        -> Double
    {
        var request = answer(to: prompts.picture(embeddings, image), tokens: Self.variantTokens)
        request.interventions = interventions
        return try await timed { _ = try await result(of: request) }.seconds
    }

    private func repeated(_ body: () async throws -> Void) async throws -> Double {
        var seconds: [Double] = []
        for _ in 0..<options.repetitions { seconds.append(try await timed(body).seconds) }
        return median(seconds)
    }

    private func result(of request: GenerationRequest) async throws -> GenerationResult {
        guard let result = await engine.result(of: request) else { throw CancellationError() }
        return result
    }
}
