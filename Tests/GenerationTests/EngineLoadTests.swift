import ModelFixtures
import Models
import Probing
import Testing

@testable import Generation

/// What many requests leave behind, and what they do to each other.
@Suite struct EngineLoadTests {
    @Test func aThousandRequestsLeaveNothingButABoundedCache() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let prompts = try await (0..<20).asyncMap { try await model.prompt("Number \($0)", pictures: []) }
        let limit = 8 * model.decoder.makeCache().byteCount(growingTo: prompts[0].ids.count + 2)
        let engine = InferenceEngine(model: model, prefixBytes: limit)
        for round in 0..<50 {
            await withTaskGroup(of: Void.self) { group in
                for prompt in prompts {
                    group.addTask { _ = await engine.result(of: GenerationRequest(prompt: prompt, maxTokens: 1)) }
                }
            }
            #expect(engine.statistics.prefixes.bytes <= limit, "round \(round)")
        }
        let statistics = try await settled(engine)
        #expect(statistics.finishedRuns == 1000 && statistics.cancelledRuns == 0)
        #expect(statistics.waitingRuns == 0 && statistics.keyValueBytes == 0)
        #expect(statistics.prefixes.evictions > 0 && statistics.prefixes.entries > 0)
    }

    @Test func aChatBesideASweepHasItsFirstTokenWithinAFewSteps() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let engine = InferenceEngine(model: model)
        let sweep = GenerationRequest(prompt: try await model.prompt("What is it?"), maxTokens: 1500)
        let chat = GenerationRequest(prompt: try await model.prompt("Hi", pictures: []), maxTokens: 3)
        let variants = (0..<100).map { _ in Task { await engine.result(of: sweep) } }
        while engine.statistics.activeRuns < 100 { try await Task.sleep(for: .milliseconds(5)) }
        let before = engine.statistics.steps
        for await event in engine.generate(chat) {
            if case .token = event { break }
        }
        #expect(engine.statistics.steps - before < 12)
        #expect(engine.statistics.finishedRuns == 0, "the sweep is still at it")
        for variant in variants { variant.cancel() }
        let statistics = try await settled(engine)
        #expect(statistics.keyValueBytes == 0, "what is called off is freed between two steps")
        #expect(statistics.cancelledRuns > 90)
    }

    /// The statistics once nothing runs any more.
    private func settled(_ engine: InferenceEngine) async throws -> EngineStatistics {
        for _ in 0..<500 where engine.statistics.activeRuns > 0 { try await Task.sleep(for: .milliseconds(10)) }
        return engine.statistics
    }
}
