@testable import Generation
import ModelFixtures
import Models
import Probing
import Tensors
import Testing

/// Oracle 11: how work is cut into steps, batches and threads changes no bit.
@Suite struct SameBitsTests {
    @Test(arguments: ModelFixture.small)
    func captureChangesNoBit(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var request = oracle.request(maxTokens: 8)
        let plain = try await oracle.run(request)
        request.capture = try oracle.everything()
        expectSame(try await oracle.run(request), plain, "\(fixture)")
        request.capture = try AttentionCapture(
            AttentionRequest(),
            layout: oracle.prompt.layout,
            shape: oracle.model.probeShape,
            maxTokens: 8
        )
        expectSame(try await oracle.run(request), plain, "\(fixture)")
    }

    @Test(arguments: ModelFixture.small)
    func aVariantOnASharedPrefixEqualsItsColdRun(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var plain = oracle.request()
        plain.keepsPromptCache = true
        let cache = try #require(try await oracle.run(plain).promptCache)
        #expect(cache.count == oracle.prompt.layout.length)
        var random = oracle.random(seed: 11)
        for trial in 0..<30 {
            let knockouts = random.next()
            let first = knockouts.compactMap(\.receivers.first).min() ?? oracle.prompt.layout.length
            let shared = min(first, oracle.prompt.layout.length - 1)
            var request = oracle.request(knockouts: knockouts)
            let cold = try await oracle.run(request)
            request.sharedPrefix = cache.prefix(shared)
            let warm = try await oracle.run(request)
            #expect(warm.cachedTokens == shared)
            expectSame(warm, cold, "\(fixture), trial \(trial), \(shared) shared")
        }
    }

    @Test(arguments: ModelFixture.small)
    func variantsTogetherEqualVariantsOneByOne(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let other = try await oracle.model.prompt("Hi", pictures: ["tower.jpg", "street.png"])
        var random = oracle.random(seed: 111)
        var requests = (0..<30).map { oracle.request(maxTokens: 2 + $0 % 5, knockouts: random.next()) }
        requests.append(oracle.request(other, maxTokens: 7))
        var alone: [GenerationResult] = []
        for request in requests { alone.append(try await oracle.run(request)) }
        for (index, result) in try await oracle.runTogether(requests).enumerated() {
            expectSame(result, alone[index], "\(fixture), variant \(index)")
        }
    }

    @Test(arguments: ModelFixture.small, [1, 7, 16, 33])
    func prefillInPiecesEqualsPrefillAtOnce(fixture: ModelFixture, chunk: Int) async throws {
        let oracle = try await OracleCase(fixture)
        let knockout = try oracle.preset(.imageToTextAndGenerated, layers: .list([1]))
        #expect(oracle.forward(answer: [4, 5], chunk: chunk) == oracle.forward(answer: [4, 5]))
        #expect(oracle.forward([knockout], answer: [4], chunk: chunk) == oracle.forward([knockout], answer: [4]))
    }

    @Test(arguments: ModelFixture.small)
    func theAnswerTokenByTokenEqualsTheSameTextAsAPrompt(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let answer = [5, 6, 9, 12]
        let ids = oracle.prompt.ids + answer
        let tokens =
            oracle.prompt.layout.tokens
            + answer.indices.map {
                PromptLayout.Token(
                    position: oracle.prompt.ids.count + $0,
                    id: answer[$0],
                    text: "",
                    kind: .prefix
                )
            }
        let longer = PreparedPrompt(
            layout: PromptLayout(tokens: tokens, images: oracle.prompt.layout.images),
            ids: ids,
            images: oracle.prompt.images,
            answerPrefix: answer
        )
        #expect(ForwardRecord(longer, model: oracle.model) == oracle.forward(answer: answer))
    }

    @Test(arguments: ModelFixture.small)
    func theNumberOfThreadsChangesNoBit(fixture: ModelFixture) async throws {
        let records = try await [1, 2, 3].asyncMap { threads in
            let model = try fixture.model(threads: threads)
            return ForwardRecord(try await model.prompt("What is it?"), answer: [4, 8], model: model)
        }
        #expect(records[1] == records[0])
        #expect(records[2] == records[0])
    }
}
