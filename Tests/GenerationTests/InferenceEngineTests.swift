import Generation
import ModelFixtures
import Models
import Probing
import Testing
import Tokenization

@Suite struct InferenceEngineTests {
    @Test func noTokensScoreTheNextOneOnly() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let engine = InferenceEngine(model: model)
        let prompt = try await model.prompt("What is it?")
        let scored = try #require(await engine.result(of: GenerationRequest(prompt: prompt, maxTokens: 0)))
        let answered = try #require(await engine.result(of: GenerationRequest(prompt: prompt, maxTokens: 1)))
        #expect(scored.tokens.isEmpty && scored.text.isEmpty)
        #expect(scored.finishReason == .length)
        #expect(scored.next.logProbabilities == answered.next.logProbabilities)
        #expect(answered.tokens.first?.id == scored.next.argmax)
    }

    @Test func eventsConcatenateToTheResult() async throws {
        let model = try ModelFixture.gqaPad.model()
        let engine = InferenceEngine(model: model)
        var request = GenerationRequest(prompt: try await model.prompt("What is it?"), maxTokens: 12)
        request.keepsPromptCache = true
        var shown = ""
        var tokens: [GeneratedToken] = []
        var finished: GenerationResult?
        for await event in engine.generate(request) {
            #expect(finished == nil, "nothing follows the end")
            switch event {
            case .token(let token, let text, _):
                tokens.append(token)
                shown += text
            case .reading: Issue.record("there is no lens")
            case .finished(let result, let text):
                shown += text
                finished = result
            }
        }
        let result = try #require(finished)
        #expect(shown == result.text)
        #expect(tokens == result.tokens)
        #expect(result.promptCache?.count == request.prompt.ids.count)
    }

    @Test func alternativesAreTheLikeliestBeforeTemperatureAndFilters() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let engine = InferenceEngine(model: model)
        var request = GenerationRequest(prompt: try await model.prompt("What is it?"), maxTokens: 1)
        request.topLogProbabilities = 4
        request.sampling.temperature = 5
        request.sampling.topK = 2
        request.sampling.seed = 3
        let result = try #require(await engine.result(of: request))
        let token = try #require(result.tokens.first)
        #expect(token.alternatives == result.next.top(4))
        #expect(token.logProbability == result.next[token.id].logProbability)
        #expect(result.next.top(2).map(\.id).contains(token.id))
    }

    @Test func aStopStringEndsTheAnswerBeforeIt() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let engine = InferenceEngine(model: model)
        var request = GenerationRequest(prompt: try await model.prompt("What is it?"), maxTokens: 16)
        let whole = try #require(await engine.result(of: request))
        let text = Array(whole.text)
        try #require(text.count > 6)
        let stop = String(text[3..<5])
        request.stop = ["never this", stop]
        let result = try #require(await engine.result(of: request))
        #expect(result.finishReason == .stop)
        #expect(!result.text.contains(stop))
        #expect(whole.text.hasPrefix(result.text + stop))
        #expect(result.tokens.count <= whole.tokens.count)
    }

    @Test func aSeedRepeatsASampledAnswer() async throws {
        let model = try ModelFixture.gqaPad.model()
        let engine = InferenceEngine(model: model)
        var request = GenerationRequest(prompt: try await model.prompt("What is it?"), maxTokens: 10)
        request.sampling.temperature = 1
        request.sampling.seed = 12
        let first = try #require(await engine.result(of: request))
        #expect(try #require(await engine.result(of: request)).tokens == first.tokens)
        request.sampling.seed = 13
        #expect(try #require(await engine.result(of: request)).tokens != first.tokens)
    }

    @Test func aCancelledRunEndsAndTheNextIsServed() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let engine = InferenceEngine(model: model)
        let prompt = try await model.prompt("What is it?")
        let expected = try #require(await engine.result(of: GenerationRequest(prompt: prompt, maxTokens: 5)))
        // An endless answer unless it is cancelled: no end token fits into a prompt of this size before the limit.
        let task = Task { await engine.result(of: GenerationRequest(prompt: prompt, maxTokens: 1900)) }
        task.cancel()
        let cancelled = await task.value
        #expect(cancelled == nil)
        let next = try #require(await engine.result(of: GenerationRequest(prompt: prompt, maxTokens: 5)))
        #expect(next.tokens == expected.tokens)
    }

    @Test func aConsumerThatStopsListeningCancelsItsRun() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let engine = InferenceEngine(model: model)
        let prompt = try await model.prompt("What is it?")
        for await event in engine.generate(GenerationRequest(prompt: prompt, maxTokens: 1900)) {
            if case .token = event { break }
        }
        let next = await engine.result(of: GenerationRequest(prompt: prompt, maxTokens: 2))
        #expect(try #require(next).tokens.count <= 2)
    }

    @Test func anEngineThatIsLetGoStillFinishesItsRun() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let prompt = try await model.prompt("What is it?")
        let stream = InferenceEngine(model: model).generate(GenerationRequest(prompt: prompt, maxTokens: 4))
        var finished = false
        for await event in stream {
            if case .finished = event { finished = true }
        }
        #expect(finished)
    }

    @Test(arguments: [ModelFixture.mhaCrop, .gqaPad])
    func manyRequestsAtOnceEachEqualTheirSoloRun(fixture: ModelFixture) async throws {
        let model = try fixture.model()
        let engine = InferenceEngine(model: model)
        let questions = ["Hi", "What is it?", "Is there a red car in this picture, or two?"]
        var requests: [GenerationRequest] = []
        for index in 0..<24 {
            let pictures = [[], ["field.jpg"], ["street.png", "tower.jpg"]][index % 3]
            let prompt = try await model.prompt(questions[index / 3 % 3], pictures: pictures)
            var request = GenerationRequest(prompt: prompt, maxTokens: index % 7)
            if index % 2 == 0 {
                request.sampling.temperature = 0.8
                request.sampling.seed = UInt64(index)
            }
            requests.append(request)
        }
        let together = await withTaskGroup(of: (Int, GenerationResult?).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, await engine.result(of: request)) }
            }
            return await group.reduce(into: [Int: GenerationResult]()) { $0[$1.0] = $1.1 }
        }
        for (index, request) in requests.enumerated() {
            let alone = try #require(await engine.result(of: request))
            let result = try #require(together[index])
            #expect(result.tokens == alone.tokens, "request \(index)")
            #expect(result.next.logProbabilities == alone.next.logProbabilities, "request \(index)")
        }
    }
}
