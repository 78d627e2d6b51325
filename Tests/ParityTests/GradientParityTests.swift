import Foundation
import Generation
import JSON
import Models
import Probing
import Tensors
import Testing

/// Backward passes against torch's autograd; `Tests/Fixtures/gradients/README.md` describes the numbers.
@Suite(.serialized) struct GradientParityTests {
    @Test(arguments: ParityFixture.names)
    func gradientsAndRelevancyAgree(fixture name: String) async throws {
        let test = try await GradientCase(name)
        let result = try DecoderGradient(test.model.decoder)(
            test.inputs,
            length: test.inputs.rows,
            target: test.target
        )
        #expect(abs(result.logits[0] - test.logit(test.fields)) <= 1e-4)
        #expect(relativeError(result.gradients.values, try test.array("gradient")) <= 1e-4)
        #expect(relativeError(result.relevance.dropLast(), try test.array("relevance").dropLast()) <= 1e-4)
    }

    @Test(arguments: ["mha-crop", "gqa-pad", "features"])
    func gradientsUnderKnockoutsAgree(fixture name: String) async throws {
        let test = try await GradientCase(name)
        for (key, fields) in try #require(test.fields["knockouts"]?.object) {
            let knockouts = try #require(fields["edges"]?.array).map { try knockout($0, length: test.inputs.rows) }
            let result = try DecoderGradient(test.model.decoder)(
                test.inputs,
                length: test.inputs.rows,
                target: test.target,
                changes: ProbeRun(ResolvedInterventions(edges: knockouts), shape: test.model.probeShape)
            )
            #expect(abs(result.logits[0] - test.logit(fields)) <= 1e-4, "\(key)")
            #expect(relativeError(result.gradients.values, try test.array("\(key).gradient")) <= 1e-4, "\(key)")
            let relevance = try test.array("\(key).relevance")
            #expect(relativeError(result.relevance.dropLast(), relevance.dropLast()) <= 1e-4, "\(key)")
        }
    }

    @Test(arguments: ["mha-crop", "gqa-pad", "features"])
    func integratedGradientsAgree(fixture name: String) async throws {
        let test = try await GradientCase(name)
        let attributor = Attributor(model: test.model)
        var request = AttributionRequest()
        request.steps = try #require(test.fields["steps"]?.integer)
        let found = try await attributor.attribution(
            request,
            of: test.prompt,
            target: test.target,
            baseline: try test.array("baseline")
        )
        try test.expect(found, "integrated", test.fields)
    }
}

/// One fixture's model, prompt and expectations.
struct GradientCase {
    let model: VisionLanguageModel
    let prompt: PreparedPrompt
    let inputs: Matrix
    let fields: JSONValue
    let target: Int
    private let arrays: FixtureArrays

    init(_ name: String) async throws {
        let fixture = try ParityFixture(name)
        let folder = ParityFixture.root.deletingLastPathComponent().appendingPathComponent("gradients")
        fields = try JSONValue(parsing: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
        arrays = try FixtureArrays(folder.appendingPathComponent("\(name).safetensors"))
        model = try fixture.model()
        prompt = try await fixture.prompt(try #require(fields["prompt"]?.string)).prepared(model)
        inputs = prompt.embeddings(model.decoder)
        target = try #require(fields["target"]?.integer)
    }

    func array(_ name: String) throws -> [Float] { try arrays(name).values }

    func logit(_ fields: JSONValue) -> Float { Float(fields["logit"]?.number ?? .nan) }

    /// Integrated gradients of the image tokens are those of an array, and what they add up to is what `fields` say.
    func expect(_ found: Attribution, _ name: String, _ fields: JSONValue) throws {
        let width = inputs.columns
        let expected = try array(name)
        let rows = stride(from: 0, to: expected.count, by: width).map { expected[$0..<$0 + width] }
        #expect(found.positions == prompt.layout.positions(named: "image"))
        #expect(relativeError(found.absolute, rows.map { $0.reduce(0) { $0 + abs($1) } }) <= 1e-3, "\(name)")
        #expect(relativeError(try #require(found.signed), rows.map { $0.reduce(0, +) }) <= 1e-3, "\(name)")
        let completeness = try #require(found.completeness)
        let difference = try #require(fields["difference"]?.number)
        #expect(abs(completeness.difference - difference) <= 1e-5, "\(name)")
        #expect(abs(completeness.sum - (try #require(fields["sum"]?.number))) <= 1e-5, "\(name)")
    }
}
