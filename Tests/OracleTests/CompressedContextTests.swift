import ModelFixtures
import Models
import Probing
import Testing

@testable import Generation

/// Oracle 6: a context that keeps everything answers as the full cache does, bit for bit.
@Suite(.serialized) struct CompressedContextTests {
    @Test(arguments: ModelFixture.allCases, CompressionRequest.Selection.allCases)
    func keepingEverythingEqualsTheFullCache(fixture: ModelFixture, select: CompressionRequest.Selection) async throws {
        let test = try await OracleCase(fixture)
        let (described, context) = try await compressed(test, select: select, keep: .fraction(1))
        let full = try await ask(test, context.prompt, on: try #require(described.promptCache))
        let kept = try await ask(test, context.prompt, on: context.cache)
        expectSame(kept, full, "\(fixture), \(select)")
        #expect(context.tokensKept == context.tokensFull)
        #expect(context.kept == Array(repeating: test.image, count: context.kept.count))
    }

    /// The same for random pictures, questions and lengths, with random edges of the asked turn cut.
    @Test(arguments: ModelFixture.small + [.embedded])
    func keepingEverythingEqualsTheFullCacheUnderAnyPlan(fixture: ModelFixture) async throws {
        var generator = SplitMix64(seed: 66)
        let words = ["Is", "it", "a", "dog", "or", "red", "?"]
        for trial in 0..<6 {
            let picture = try #require(["field.jpg", "tower.jpg", "street.png"].randomElement(using: &generator))
            let select = try #require(CompressionRequest.Selection.allCases.randomElement(using: &generator))
            let test = try await OracleCase(fixture, pictures: [picture])
            let (described, context) = try await compressed(test, select: select, keep: .fraction(1))
            let question = (0..<Int.random(in: 1...5, using: &generator)).compactMap { _ in
                words.randomElement(using: &generator)
            }.joined(separator: " ")
            let asked = try await PromptPreparer(model: test.model).prompt(asking: question, after: context.prompt)
            let count = asked.ids.count
            func some(_ range: Range<Int>) -> [Int] { range.filter { _ in Bool.random(using: &generator) } }
            let shape = test.model.probeShape
            let edges = EdgeEdit(
                layers: some(0..<shape.layers),
                receivers: PositionSet(length: count, positions: some(context.tokensFull..<count), generated: true),
                sources: PositionSet(length: count, positions: some(0..<count)),
                heads: some(0..<shape.heads),
                mode: Bool.random(using: &generator) ? .preSoftmax : .postSoftmax
            )
            var request = test.request(asked, maxTokens: Int.random(in: 0...6, using: &generator), knockouts: [edges])
            try context.check(request.interventions)
            request.sharedPrefix = described.promptCache
            let full = try await test.run(request)
            request.sharedPrefix = context.cache
            expectSame(try await test.run(request), full, "\(fixture), trial \(trial), \(select), \(question)")
        }
    }

    /// The full cache itself is the prompt and the question read as one prompt.
    @Test(arguments: ModelFixture.small)
    func askingTheFullCacheEqualsOnePrompt(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let (_, context) = try await compressed(test, select: .question, keep: .fraction(1))
        let kept = try await ask(test, context.prompt, on: context.cache)
        let asked = try await PromptPreparer(model: test.model).prompt(asking: question, after: context.prompt)
        let whole = PreparedPrompt(
            layout: asked.layout,
            ids: asked.ids,
            images: test.prompt.images,
            answerPrefix: []
        )
        expectSame(kept, try await test.run(test.request(whole)), "\(fixture)")
    }

    /// Without image tokens nothing after the picture could have seen it, if that is forbidden while describing.
    @Test(arguments: ModelFixture.small)
    func textAloneOfABlindPromptDoesNotDependOnThePixels(fixture: ModelFixture) async throws {
        var answers: [GenerationResult] = []
        for picture in ["field.jpg", "tower.jpg"] {
            let test = try await OracleCase(fixture, pictures: [picture])
            let blind = try test.preset(.imageToTextAndGenerated)
            let (_, context) = try await compressed(test, select: .generated, strategy: .text, knockouts: [blind])
            answers.append(try await ask(test, context.prompt, on: context.cache))
        }
        expectSame(answers[0], answers[1], "\(fixture)")
    }

    /// Layers keep different positions; a knockout of what a layer does not hold changes nothing there.
    @Test(arguments: ModelFixture.small)
    func knockoutsSpeakOfPositions(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let (_, context) = try await compressed(test, select: .random, keep: .count(3))
        let asked = try await PromptPreparer(model: test.model).prompt(asking: question, after: context.prompt)
        func run(cutting sources: [Int]) async throws -> GenerationResult {
            var request = test.request(asked)
            request.sharedPrefix = context.cache
            request.interventions.edges = [
                EdgeEdit(
                    layers: [0],
                    receivers: PositionSet(
                        length: asked.ids.count,
                        positions: context.tokensFull..<asked.ids.count,
                        generated: true
                    ),
                    sources: PositionSet(length: asked.ids.count, positions: sources),
                    heads: Array(0..<test.model.probeShape.heads),
                    mode: .preSoftmax
                )
            ]
            try context.check(request.interventions)
            return try await test.run(request)
        }
        let plain = try await ask(test, context.prompt, on: context.cache)
        let dropped = test.image.filter { !context.kept[0].contains($0) }
        expectSame(try await run(cutting: dropped), plain, "\(fixture)")
        let cut = try await run(cutting: context.kept[0])
        #expect(cut.next.logProbabilities != plain.next.logProbabilities)
        let text = try await compressed(test, select: .random, keep: .count(3)).context
        #expect(text.kept == context.kept)
    }

    @Test func interventionsOnTheContextAreRefused() async throws {
        let test = try await OracleCase(.mhaCrop)
        let (_, context) = try await compressed(test, select: .random, keep: .count(3))
        let error = #expect(throws: ProbeError.self) {
            try context.check(ResolvedInterventions(edges: [try test.preset(.imageToText)]))
        }
        #expect(error?.kind == .unsupported && error?.parameter == "interventions")
        try context.check(ResolvedInterventions(edges: [try test.preset(.imageToGenerated)]))
    }

    // MARK: - Private

    private let question = "Where is it?"

    private func compressed(
        _ test: OracleCase,
        select: CompressionRequest.Selection,
        keep: TokenAmount = .fraction(0.5),
        strategy: CompressionRequest.Strategy = .textAndImage,
        knockouts: [EdgeEdit] = []
    ) async throws -> (described: GenerationResult, context: CompressedContext) {
        var compress = CompressionRequest()
        (compress.select, compress.keep, compress.strategy) = (select, keep, strategy)
        var request = test.request(knockouts: knockouts)
        let compression = try ContextCompression(
            compress,
            prompt: test.prompt,
            shape: test.model.probeShape,
            maxTokens: request.maxTokens
        )
        request.capture = compression.capture
        request.norms = compression.norms
        request.keepsPromptCache = true
        let described = try await test.run(request)
        return (described, try compression.context(of: described))
    }

    private func ask(
        _ test: OracleCase,
        _ prompt: PreparedPrompt,
        on cache: KeyValueCache
    ) async throws -> GenerationResult {
        let asked = try await PromptPreparer(model: test.model).prompt(asking: question, after: prompt)
        var request = test.request(asked)
        request.sharedPrefix = cache
        return try await test.run(request)
    }
}
