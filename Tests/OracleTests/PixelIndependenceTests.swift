import Generation
import ModelFixtures
import Models
import Probing
import Tensors
import Testing

/// Oracles 4, 5 and 8: what no longer sees the picture no longer depends on its pixels.
@Suite struct PixelIndependenceTests {
    @Test(arguments: ModelFixture.allCases)
    func withoutImageEdgesTheAnswerIsIndependentOfThePixels(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let other = try await oracle.model.prompt("Is there a red car?", pictures: ["tower.jpg"])
        let knockout = try oracle.preset(.imageToTextAndGenerated)
        try await expectDifferentBaselines(oracle, other)
        expectSame(
            try await oracle.run(oracle.request(knockouts: [knockout])),
            try await oracle.run(oracle.request(other, knockouts: [knockout])),
            "\(fixture)"
        )
    }

    @Test(arguments: ModelFixture.allCases)
    func withoutImageToTextTheFirstTokenIsIndependentOfThePixels(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let other = try await oracle.model.prompt("Is there a red car?", pictures: ["tower.jpg"])
        let knockout = try oracle.preset(.imageToText)
        try await expectDifferentBaselines(oracle, other)
        let first = try await oracle.run(oracle.request(knockouts: [knockout]))
        let second = try await oracle.run(oracle.request(other, knockouts: [knockout]))
        #expect(first.next.logProbabilities == second.next.logProbabilities)
        #expect(first.tokens.first == second.tokens.first)
    }

    /// Decode rows see the picture under img->txt, so what follows the first token may depend on it.
    @Test(arguments: ModelFixture.small)
    func withoutImageToTextDecodeRowsStillSeeThePicture(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let other = try await oracle.model.prompt("Is there a red car?", pictures: ["tower.jpg"])
        let knockout = try oracle.preset(.imageToText)
        func last(_ prompt: PreparedPrompt) -> [Float]? {
            let probes = ProbeRun(ResolvedInterventions(edges: [knockout]), shape: oracle.model.probeShape)
            return ForwardRecord(prompt, answer: [7], model: oracle.model, probes: probes).logits.last
        }
        #expect(last(oracle.prompt) != last(other))
    }

    @Test(arguments: ModelFixture.allCases)
    func withoutImageToGeneratedTheFirstTokenIsUnchanged(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let knockout = try oracle.preset(.imageToGenerated)
        let baseline = try await oracle.run(oracle.request())
        let result = try await oracle.run(oracle.request(knockouts: [knockout]))
        #expect(result.next.logProbabilities == baseline.next.logProbabilities)
        #expect(result.tokens.first == baseline.tokens.first)
        let answer = [7, 8]
        let length = oracle.prompt.layout.length
        let (cut, whole) = (oracle.forward([knockout], answer: answer), oracle.forward(answer: answer))
        #expect(cut.logits.prefix(length) == whole.logits.prefix(length))
        #expect(cut.logits[length] != whole.logits[length], "the knockout acts in decode")
    }

    @Test(arguments: ModelFixture.allCases)
    func zeroedImageTokensMakeTheAnswerIndependentOfThePixels(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let other = try await oracle.model.prompt("Is there a red car?", pictures: ["tower.jpg"])
        let zeros = [Float](repeating: 0, count: oracle.model.decoder.configuration.hiddenSize)
        var request = oracle.request()
        request.interventions.states = [.embeddings(oracle.image, become: zeros)]
        let first = try await oracle.run(request)
        request.prompt = other
        expectSame(first, try await oracle.run(request), "\(fixture)")
    }

    private func expectDifferentBaselines(_ oracle: OracleCase, _ other: PreparedPrompt) async throws {
        #expect(oracle.prompt.ids == other.ids)
        let first = try await oracle.run(oracle.request(maxTokens: 0))
        let second = try await oracle.run(oracle.request(other, maxTokens: 0))
        #expect(first.next.logProbabilities != second.next.logProbabilities, "the picture matters to begin with")
    }
}
