@testable import Generation
import ModelFixtures
import Models
import Probing
import Testing

/// Oracle 11 across requests: what is taken from a cache equals what is computed, bit for bit.
@Suite struct CachedPrefixTests {
    @Test(arguments: ModelFixture.small)
    func aSecondQuestionOnAPictureEqualsItsColdRun(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let warm = InferenceEngine(model: oracle.model, prefixBytes: 1 << 28)
        for (index, question) in ["Is there a red car?", "Is there a dog?", "Is there a red car?"].enumerated() {
            let request = oracle.request(try await oracle.model.prompt(question), maxTokens: 8)
            let result = try #require(await warm.result(of: request))
            expectSame(result, try await oracle.run(request), "\(fixture), \(question)")
            #expect(index == 0 ? result.cachedTokens == 0 : result.cachedTokens > oracle.image.count)
        }
        #expect(warm.statistics.prefixes.hits == 2 && warm.statistics.prefixes.misses == 1)
    }

    @Test(arguments: ModelFixture.small)
    func anotherPictureWithTheSameWordsIsNoHit(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let warm = InferenceEngine(model: oracle.model, prefixBytes: 1 << 28)
        for picture in ["field.jpg", "tower.jpg", "street.png"] {
            let request = oracle.request(try await oracle.model.prompt("Is there a red car?", pictures: [picture]))
            #expect(request.prompt.ids == oracle.prompt.ids)
            let result = try #require(await warm.result(of: request))
            expectSame(result, try await oracle.run(request), "\(fixture), \(picture)")
            #expect(result.cachedTokens <= oracle.image[0], "nothing from the picture on")
        }
    }

    @Test(arguments: ModelFixture.small)
    func anAnswerIsThePrefixOfTheNextTurn(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let warm = InferenceEngine(model: oracle.model, prefixBytes: 1 << 28)
        let first = try #require(await warm.result(of: oracle.request(maxTokens: 6)))
        let answer = first.tokens.map(\.id)
        let ids = oracle.prompt.ids + answer + [5, 6]
        let more = (oracle.prompt.ids.count..<ids.count).map {
            PromptLayout.Token(position: $0, id: ids[$0], text: "", kind: .question)
        }
        let layout = PromptLayout(tokens: oracle.prompt.layout.tokens + more, images: oracle.prompt.layout.images)
        let next = oracle.request(
            PreparedPrompt(layout: layout, ids: ids, images: oracle.prompt.images, answerPrefix: [])
        )
        let result = try #require(await warm.result(of: next))
        #expect(result.cachedTokens == oracle.prompt.ids.count + answer.count - 1, "all but the last token were fed")
        expectSame(result, try await oracle.run(next), "\(fixture)")
    }

    /// Random runs on one engine that keeps everything, each against a cold one.
    @Test(arguments: ModelFixture.small)
    func probesAndKnockoutsOnAWarmEngineEqualTheirColdRuns(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let warm = InferenceEngine(model: oracle.model, prefixBytes: 1 << 28)
        var random = oracle.random(seed: 17)
        var reused = 0
        for trial in 0..<30 {
            var request = oracle.request(maxTokens: trial % 4)
            if trial % 3 == 1 { request.interventions.edges = random.next() }
            if trial % 3 == 2 { request.interventions = random.interventions(model: oracle.model) }
            if trial % 4 == 1 { request.capture = try oracle.everything() }
            if trial % 4 == 2 { request.lens = try oracle.lens(positions: trial / 2..<trial) }
            let result = try #require(await warm.result(of: request))
            expectSameProbes(result, try await oracle.run(request), "\(fixture), trial \(trial)")
            reused += result.cachedTokens > 0 ? 1 : 0
        }
        #expect(reused > 5, "some of the runs start from others")
    }

    /// Random runs of one moment on one prompt: those that wait for another's prompt answer as if alone.
    @Test(arguments: ModelFixture.small)
    func runsOfOneMomentEqualTheirColdRuns(fixture: ModelFixture) async throws {
        let text = Array(repeating: "Is there a red car?", count: 24).joined(separator: " ")
        let oracle = try await OracleCase(fixture, text)
        var random = oracle.random(seed: 23)
        var shared = 0
        for round in 0..<3 {
            var requests: [GenerationRequest] = []
            for trial in 0..<8 {
                var request = oracle.request(maxTokens: trial % 4)
                if trial % 4 == 1 { request.interventions.edges = random.next() }
                if trial % 4 == 2 { request.interventions = random.interventions(model: oracle.model) }
                if trial == 5 { request.capture = try oracle.everything() }
                requests.append(request)
            }
            let warm = InferenceEngine(model: oracle.model, prefixBytes: 1 << 28)
            let runs = requests.map { warm.generate($0) }
            for (trial, (run, request)) in zip(runs, requests).enumerated() {
                for await case .finished(let result, _) in run {
                    expectSameProbes(result, try await oracle.run(request), "\(fixture), \(round), \(trial)")
                    shared += result.cachedTokens
                }
            }
        }
        #expect(shared > 3 * oracle.prompt.ids.count, "several take most of the prompt over")
    }

    @Test func runningSequencesTakeTheCachesMemory() async throws {
        let oracle = try await OracleCase(.mhaCrop)
        let whole = oracle.model.decoder.makeCache().byteCount(growingTo: oracle.prompt.ids.count + 6)
        let warm = InferenceEngine(model: oracle.model, cacheBudget: whole * 3 / 2, prefixBytes: 1 << 28)
        for question in ["Is there a red car?", "Is there a dog?", "What is it?"] {
            let request = oracle.request(try await oracle.model.prompt(question))
            let result = try #require(await warm.result(of: request))
            expectSame(result, try await oracle.run(request), question)
        }
        let prefixes = warm.statistics.prefixes
        #expect(prefixes.evictions > 0 && prefixes.bytes <= whole * 3 / 2)
    }

    @Test(arguments: [ModelFixture.mhaCrop, .gqaPad])
    func eightStreamsEachEqualTheirSoloRun(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let warm = InferenceEngine(model: oracle.model, prefixBytes: 1 << 28)
        let requests = try await (0..<8).asyncMap { index in
            let pictures = [["field.jpg"], ["tower.jpg"], [], ["street.png", "field.jpg"]][index % 4]
            let prompt = try await oracle.model.prompt("Stream \(index / 3)?", pictures: pictures)
            return oracle.request(prompt, maxTokens: 24)
        }
        for round in 0..<2 {
            let together = await withTaskGroup(of: (Int, GenerationResult?).self) { group in
                for (index, request) in requests.enumerated() {
                    var own = request
                    own.group = RequestGroup()
                    let sent = own
                    group.addTask { (index, await warm.result(of: sent)) }
                }
                return await group.reduce(into: [Int: GenerationResult]()) { $0[$1.0] = $1.1 }
            }
            for (index, request) in requests.enumerated() {
                let result = try #require(together[index])
                expectSame(result, try await oracle.run(request), "\(fixture), round \(round), stream \(index)")
            }
        }
    }
}
