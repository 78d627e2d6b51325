import Generation
import JSON
import ModelFixtures
import Models
import Probing
import Testing

/// Interventions on states, scaled edges and the states themselves against transformers with hooks; `states.py`.
@Suite(.serialized) struct StateParityTests {
    @Test(arguments: ParityFixture.names)
    func interventionsOnStatesAgree(fixture name: String) async throws {
        let fixture = try StateFixture(name)
        let model = try fixture.modelWithMeanEmbedding()
        let engine = InferenceEngine(model: model)
        let prompt = try await fixture.prompt(model)
        let cases = try #require(fixture.expected["cases"]?.object)
        #expect(cases.count == 33)
        for (name, fields) in cases {
            var request = GenerationRequest(prompt: prompt, maxTokens: 0)
            request.interventions = try await engine.resolve(try #require(fields["intervention"]), on: prompt)
            let tokens = try #require(fields["tokens"]?.array).compactMap(\.integer)
            request.maxTokens = tokens.count
            let result = try #require(await engine.result(of: request))
            #expect(result.tokens.map(\.id) == tokens.filter { !model.endTokens.contains($0) }, "\(name)")
            let logits = try fixture.array("\(name).first_logits").values
            let expected = TokenDistribution(logits: logits).logProbabilities
            #expect(relativeError(result.next.logProbabilities, expected) <= 1e-4, "\(name)")
        }
    }

    @Test(arguments: ParityFixture.names)
    func statesOfEverySiteAgree(fixture name: String) async throws {
        let fixture = try StateFixture(name)
        let model = try fixture.checkpoint.model()
        let prompt = try await fixture.prompt(model)
        let positions = try #require(fixture.expected["positions"]?.array).compactMap(\.integer)
        let sites = BlockSite.allCases.filter { $0 != .pattern }.map { DecoderSite.block(1, $0) }
        #expect(sites.count == 14, "all but the pattern, which has a test of its own")
        let record = try await InferenceEngine(model: model).states(at: sites, of: prompt, positions: positions)
        for site in sites {
            let rows = try #require(record.rows[site])
            let expected = try fixture.array(site.name)
            #expect(rows.count == positions.count)
            #expect(relativeError(Array(rows.joined()), expected.values) <= 1e-4, "\(site.name)")
        }
    }
}
