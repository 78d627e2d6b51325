import CAllocations
import Generation
import JSON
import Models
import Tensors

/// Prefill and decoding of plain text, through the engine as requests take it.
struct DecoderBenchmark {
    let engine: InferenceEngine
    let options: BenchmarkOptions
    let work: Work
    let ceilings: Ceilings
    let unit: ArithmeticUnit

    /// Tokens of the prompts before measured decoding.
    static let promptLength = 16

    /// `{tokens_per_second, share_of_peak}`
    func prefill(_ prompts: inout SyntheticPrompts) async -> JSONValue {
        var seconds: [Double] = []
        for repetition in 0...options.repetitions {
            let request = GenerationRequest(prompt: prompts.text(options.prefill), maxTokens: 0)
            guard let result = await engine.result(of: request), repetition > 0 else { continue }
            seconds.append(result.promptSeconds)
        }
        let time = median(seconds)
        return [
            "tokens": .integer(options.prefill),
            "seconds": .number(time),
            "tokens_per_second": .number(Double(options.prefill) / time),
            "share_of_peak": .number(work.prefill(options.prefill) / time / ceilings.peak(unit)),
        ]
    }

    /// `{tokens_per_second, share_of_bandwidth}`: one sequence, whose every token reads all weights, by turns with reading
    /// alone.
    func decode(_ prompts: inout SyntheticPrompts) async -> JSONValue {
        var rates: [Double] = []
        for _ in 0..<options.repetitions {
            rates.append(await rate(rows: 1, &prompts).tokensPerSecond)
            ceilings.reading.measure()
        }
        let rate = median(rates)
        return [
            "tokens": .integer(options.decode),
            "tokens_per_second": .number(rate),
            "share_of_bandwidth": .number(rate * Double(work.decoderBytes) / ceilings.reading.bytesPerSecond),
        ]
    }

    /// By number of sequences `{tokens_per_second, share_of_peak}`.
    func rows(_ prompts: inout SyntheticPrompts, report: (String) -> Void) async -> JSONValue {
        var sections: [String: JSONValue] = [:]
        for rows in options.rows {
            var rates: [Double] = []
            for _ in 0..<max(1, options.repetitions - 1) {
                rates.append(await rate(rows: rows, &prompts).tokensPerSecond)
            }
            let rate = median(rates)
            report("\(rows) rows: \(rate.rounded(to: 1)) tokens/s")
            sections[String(rows)] = [
                "tokens_per_second": .number(rate),
                "share_of_peak": .number(rate * work.decodedToken / ceilings.peak(unit)),
            ]
        }
        return .object(sections)
    }

    /// `{identical}`: whether each of several sequences that run together says what it says alone.
    func streams(_ prompts: inout SyntheticPrompts) async -> JSONValue {
        let requests = (0..<8).map { _ in request(prompts.text(Self.promptLength), tokens: 8) }
        let together = await results(of: requests)
        var identical = true
        for (request, result) in zip(requests, together).prefix(2) {
            let alone = await engine.result(of: request)
            identical = identical && alone?.tokens == result.tokens && result.tokens.count == 8
        }
        return ["count": 8, "identical": .bool(identical)]
    }

    /// `{per_token, decoder_per_token, tokens}`: allocations of the whole process for each token of one sequence, from the
    /// engine to the task that reads its events, once it is under way; and those of the decoder's steps alone.
    func allocations(_ prompts: inout SyntheticPrompts) async -> JSONValue {
        guard ca_is_available() else { return ["per_token": nil, "decoder_per_token": nil] }
        let count = max(24, min(options.decode, 40)) - 8
        var counted: (allocations: UInt64, tokens: Int)?
        for _ in 0..<5 where counted == nil { counted = await processAllocations(tokens: count, &prompts) }
        return [
            "per_token": counted.map { .number(Double($0.allocations) / Double($0.tokens)) } ?? nil,
            "decoder_per_token": .number(decoderAllocations(steps: count)),
            "tokens": .integer(counted?.tokens ?? 0),
        ]
    }

    // MARK: - Private

    /// Allocations while one sequence decodes at least so many tokens; `nil` if its reader lagged so far behind a small
    /// model that it saw fewer.
    private func processAllocations(
        tokens count: Int,
        _ prompts: inout SyntheticPrompts
    ) async -> (allocations: UInt64, tokens: Int)? {
        var (read, before) = (0, 0)
        defer { ca_stop() }
        // The run goes on behind what is counted, so that its end is not counted. Nor is a second page of keys and values,
        // unless the reader lags behind.
        for await event in engine.generate(request(prompts.text(Self.promptLength), tokens: count + 456)) {
            guard case .token = event else { continue }
            read += 1
            if read == 8 {
                before = engine.statistics.generatedTokens
                ca_start()
            }
            guard read == count + 8 else { continue }
            let allocations = ca_count()
            let tokens = engine.statistics.generatedTokens - before
            return tokens >= count - 1 ? (allocations, tokens) : nil
        }
        return nil
    }

    /// Allocations of one row's passes through the decoder and the head, within a page of keys and values.
    private func decoderAllocations(steps: Int) -> Double {
        let (decoder, configuration) = (engine.model.decoder, engine.model.decoder.configuration)
        let state = Matrix(rows: 1, columns: configuration.hiddenSize)
        let logits = Matrix(rows: 1, columns: configuration.vocabularySize)
        let chunk = DecoderChunk(rows: 0..<1, sequence: DecoderSequence(cache: decoder.makeCache(), hooks: nil))
        let chunks = [chunk]
        for step in 0..<steps + 8 {
            if step == 8 { ca_start() }
            decoder.embed(step % configuration.vocabularySize, into: state)
            decoder.forward(state, chunks: chunks)
            decoder.writeLogits(of: state, into: logits)
        }
        defer { ca_stop() }
        return Double(ca_count()) / Double(steps)
    }

    private func request(_ prompt: PreparedPrompt, tokens: Int) -> GenerationRequest {
        var request = GenerationRequest(prompt: prompt, maxTokens: tokens)
        request.ignoresEnd = true
        return request
    }

    /// Tokens a second that sequences of equal length decode together. The first token comes from the prefill.
    private func rate(rows: Int, _ prompts: inout SyntheticPrompts) async -> (tokensPerSecond: Double, seconds: Double)
    {
        let steps = rows == 1 ? options.decode : max(8, min(options.decode, 32))
        // One group, as the variants of a sweep are: their prompts run in one step and none waits for another.
        let group = RequestGroup()
        let requests = (0..<rows).map { _ in
            var request = request(prompts.text(Self.promptLength), tokens: steps + 1)
            request.group = group
            return request
        }
        let seconds = await results(of: requests).map(\.decodeSeconds).max() ?? .infinity
        return (Double(rows * steps) / seconds, seconds)
    }

    private func results(of requests: [GenerationRequest]) async -> [GenerationResult] {
        await engine.results(of: requests)
    }
}

extension InferenceEngine {
    /// Runs requests together; results are in their order.
    func results(of requests: [GenerationRequest]) async -> [GenerationResult] {
        await withTaskGroup(of: (Int, GenerationResult?).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, await self.result(of: request)) }
            }
            var results = [GenerationResult?](repeating: nil, count: requests.count)
            for await (index, result) in group { results[index] = result }
            return results.compactMap { $0 }
        }
    }
}
