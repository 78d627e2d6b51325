import Foundation
import Generation
import JSON
import Models
import Probing
import Tensors
import Testing

@testable import Weights

/// Interventions on states, scaled edges and the states themselves against transformers with hooks; `states.py`.
@Suite(.serialized) struct StateParityTests {
    @Test(arguments: ParityFixture.names)
    func interventionsOnStatesAgree(fixture name: String) async throws {
        let fixture = try StateFixture(name)
        let model = try fixture.checkpoint.model()
        let engine = InferenceEngine(model: model)
        let prompt = try await fixture.prompt(model)
        let cases = try #require(fixture.expected["cases"]?.object)
        #expect(cases.count > 15)
        for (name, fields) in cases {
            var request = GenerationRequest(prompt: prompt, maxTokens: 0)
            request.interventions = try await fixture.resolve(
                try #require(fields["intervention"]),
                prompt: prompt,
                engine: engine
            )
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
        let sites = BlockSite.allCases.map { DecoderSite.block(1, $0) }.filter { fixture.has($0.name) }
        #expect(sites.count == 12, "all but rotated and read-only ones")
        var request = GenerationRequest(prompt: prompt, maxTokens: 0)
        request.states = try StateCapture(
            sites,
            parameters: sites.map(\.name),
            positions: PositionSet(length: prompt.ids.count, positions: positions),
            decoder: model.decoder,
            maxTokens: 0
        )
        let record = try #require(await InferenceEngine(model: model).result(of: request)?.states)
        for site in sites {
            let rows = try #require(record.rows[site])
            let expected = try fixture.array(site.name)
            #expect(rows.count == positions.count)
            #expect(relativeError(Array(rows.joined()), expected.values) <= 1e-4, "\(site.name)")
        }
    }
}

/// What `states.py` made of a checkpoint.
private struct StateFixture {
    let checkpoint: ParityFixture
    let expected: JSONValue
    private let file: SafetensorsFile

    init(_ name: String) throws {
        checkpoint = try ParityFixture(name)
        expected = try JSONValue(parsing: Data(contentsOf: checkpoint.directory.appendingPathComponent("states.json")))
        file = try SafetensorsFile(path: checkpoint.directory.appendingPathComponent("states.safetensors").path)
    }

    func has(_ name: String) -> Bool { file.entries.contains { $0.name == name } }

    func array(_ name: String) throws -> (shape: [Int], values: [Float]) {
        let entry = try #require(file.entries.first { $0.name == name }, "no array \(name)")
        let tensor = try #require(file.tensor(entry))
        return (tensor.shape, tensor.floats())
    }

    func prompt(_ model: VisionLanguageModel) async throws -> PreparedPrompt {
        try await checkpoint.prompt(try #require(expected["prompt"]?.string)).prepared(model)
    }

    /// Resolves an intervention as a request writes it, reading first the states that it needs.
    func resolve(
        _ form: JSONValue,
        prompt: PreparedPrompt,
        engine: InferenceEngine
    ) async throws -> ResolvedInterventions {
        let intervention = try Intervention(ProbeField(form, path: "x"))
        let model = engine.model
        var context = InterventionContext(layout: prompt.layout, ids: prompt.ids, images: prompt.images, model: model)
        if let need = intervention.need(parameter: "x") {
            var run = GenerationRequest(prompt: prompt, maxTokens: 0)
            run.states = try StateCapture(
                [need.site],
                parameters: [need.siteParameter],
                positions: need.positions.promptPositions(in: prompt.layout, parameter: need.parameter),
                decoder: model.decoder,
                maxTokens: 0
            )
            context.states["x"] = try #require(await engine.result(of: run)?.states?.rows[need.site])
        }
        return try ResolvedInterventions.resolve([intervention], paths: ["x"], in: context)
    }
}
