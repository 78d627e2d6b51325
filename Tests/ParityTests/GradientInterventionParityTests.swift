import Generation
import JSON
import ModelFixtures
import Models
import Probing
import Tensors
import Testing

/// Backward passes through every case of `states.py`, alone and several together, against torch's autograd through the
/// same hooks; `Tests/Fixtures/gradients/README.md` describes the numbers.
@Suite(.serialized) struct GradientInterventionParityTests {
    @Test(arguments: ParityFixture.names)
    func gradientsAndRelevancyAgreeUnderEveryIntervention(fixture name: String) async throws {
        let test = try await InterventionCase(name)
        let gradient = DecoderGradient(test.model.decoder)
        let rows = try #require(test.plain.fields["rows"]?.array).compactMap(\.integer)
        #expect(test.cases.count == 33)
        for (key, fields) in test.cases {
            let interventions = try await test.interventions(key)
            let result = try gradient(
                test.plain.inputs,
                length: test.plain.inputs.rows,
                target: test.plain.target,
                changes: ProbeRun(interventions, shape: test.model.probeShape)
            )
            #expect(abs(result.logits[0] - test.plain.logit(fields)) <= 1e-4, "\(key)")
            let gradients = rows.flatMap { result.gradients.row($0) }
            #expect(relativeError(gradients, try test.plain.array("\(key).gradient")) <= 1e-4, "\(key)")
            // The last position's begins as 1, beside which the others would not count.
            let relevance = rows.dropLast().map { result.relevance[$0] }
            let expected = try test.plain.array("\(key).relevance").dropLast()
            #expect(relativeError(relevance, Array(expected)) <= 1e-4, "\(key)")
        }
    }

    @Test(arguments: ["mha-crop", "gqa-pad", "features"])
    func integratedGradientsAgreeUnderInterventions(fixture name: String) async throws {
        let test = try await InterventionCase(name)
        let attributor = Attributor(model: test.model)
        var request = AttributionRequest()
        request.steps = try #require(test.plain.fields["steps"]?.integer)
        let integrated = test.cases.filter { $0.value["sum"] != nil }
        #expect(integrated.count == 3)
        for (key, fields) in integrated {
            let found = try await attributor.attribution(
                request,
                of: test.plain.prompt,
                target: test.plain.target,
                interventions: try await test.interventions(key),
                baseline: try test.plain.array("baseline")
            )
            try test.plain.expect(found, "\(key).integrated", fields)
        }
    }
}

/// A fixture of gradients with the interventions of the checkpoint's `states.json`.
private struct InterventionCase {
    let plain: GradientCase
    let model: VisionLanguageModel
    let cases: [String: JSONValue]
    private let states: StateFixture
    private let engine: InferenceEngine

    init(_ name: String) async throws {
        plain = try await GradientCase(name)
        states = try StateFixture(name)
        model = try states.modelWithMeanEmbedding()
        engine = InferenceEngine(model: model)
        cases = try #require(plain.fields["interventions"]?.object)
    }

    func interventions(_ key: String) async throws -> ResolvedInterventions {
        let form = try #require(states.expected["cases"]?[key]?["intervention"], "no case \(key)")
        return try await engine.resolve(form, on: plain.prompt)
    }
}
