import ModelFixtures
import Models
import Probing
import Testing

@testable import Generation

/// Prompts that begin alike and arrive in one moment.
@Suite struct SharedPromptTests {
    private static let text = (0..<90).map { "word \($0)" }.joined(separator: " ")

    @Test func identicalPromptsAreComputedOnce() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let prompt = try await model.prompt(Self.text)
        let engine = InferenceEngine(model: model, prefixBytes: 1 << 28)
        let results = try await ends(of: (0..<6).map { _ in engine.generate(request(prompt)) })
        let alone = try #require(await InferenceEngine(model: model).result(of: request(prompt)))
        for result in results {
            #expect(result.tokens == alone.tokens)
            #expect(result.next.logProbabilities == alone.next.logProbabilities)
        }
        let length = prompt.ids.count
        #expect(results.map(\.cachedTokens) == [0] + Array(repeating: length - 1, count: 5))
        #expect(engine.statistics.promptTokens == length + 5)
    }

    @Test func promptsThatBeginAlikeShareTheirBeginning() async throws {
        let model = try ModelFixture.gqaPad.model()
        let prompts = try await ["One?", "Two, three?", "Four"].asyncMap { try await model.prompt(Self.text + $0) }
        let engine = InferenceEngine(model: model, prefixBytes: 1 << 28)
        let results = try await ends(of: prompts.map { engine.generate(request($0)) })
        for (index, (result, prompt)) in zip(results, prompts).enumerated() {
            let alone = try #require(await InferenceEngine(model: model).result(of: request(prompt)))
            #expect(result.tokens == alone.tokens)
            let shared = PromptKey(prompt).commonPrefix(PromptKey(prompts[0]))
            #expect(index == 0 ? result.cachedTokens == 0 : result.cachedTokens >= shared)
        }
    }

    @Test func whoWaitedForARunThatIsCalledOffRunsAllTheSame() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let prompt = try await model.prompt(Self.text)
        let alone = try #require(await InferenceEngine(model: model).result(of: request(prompt)))
        for round in 0..<10 {
            let engine = InferenceEngine(model: model, prefixBytes: 1 << 28)
            var first: GenerationEvents? = engine.generate(request(prompt))
            let others = (0..<3).map { _ in engine.generate(request(prompt)) }
            try await Task.sleep(for: .milliseconds(round))
            withExtendedLifetime(first) {}
            first = nil
            for result in try await ends(of: others) { #expect(result.tokens == alone.tokens) }
        }
    }

    @Test func whoWaitsCanBeCalledOff() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let prompt = try await model.prompt(Self.text)
        let engine = InferenceEngine(model: model, prefixBytes: 1 << 28)
        let first = engine.generate(request(prompt))
        for _ in 0..<3 { _ = engine.generate(request(prompt)) }
        let last = engine.generate(request(prompt))
        let results = try await ends(of: [first, last])
        #expect(results[0].tokens == results[1].tokens)
        for _ in 0..<200 where engine.statistics.keyValueBytes > 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(engine.statistics.keyValueBytes == 0 && engine.statistics.waitingRuns == 0)
    }

    @Test func nothingIsSharedWhereNothingIsKept() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let prompt = try await model.prompt(Self.text)
        let engine = InferenceEngine(model: model, prefixBytes: 0)
        let results = try await ends(of: (0..<4).map { _ in engine.generate(request(prompt)) })
        #expect(results.allSatisfy { $0.cachedTokens == 0 })
    }

    private func request(_ prompt: PreparedPrompt) -> GenerationRequest {
        GenerationRequest(prompt: prompt, maxTokens: 4)
    }

    private func ends(of runs: [GenerationEvents]) async throws -> [GenerationResult] {
        try await runs.asyncMap { run in
            var end: GenerationResult?
            for await case .finished(let result, _) in run { end = result }
            return try #require(end)
        }
    }
}
