import Generation
import JSON
import ModelFixtures
import Models
import Probing
import Testing

/// What is read out of a plain run against transformers: the lens at every layer, the decoder's ends and attention by
/// their sites' names, and the vision tower; `readouts.py`.
@Suite(.serialized) struct ReadoutParityTests {
    @Test(arguments: ParityFixture.names, ["final", "none"])
    func theLensAgreesAtEveryLayer(fixture name: String, norm: String) async throws {
        let fixture = try StateFixture(name)
        let model = try fixture.checkpoint.model()
        let prompt = try await fixture.prompt(model)
        let positions = try fixture.integers("lens_positions")
        let expected = try fixture.array("lens.\(norm)")
        let (layers, vocabulary) = (expected.shape[0], expected.shape[2])
        #expect(layers == model.decoder.configuration.layers + 1 && expected.shape[1] == positions.count)
        #expect(positions.count == 3)
        let fields: JSONValue = [
            "positions": .array(positions.map { .integer($0) }), "top_k": .integer(vocabulary), "norm": .string(norm),
        ]
        let target = vocabulary / 3
        var request = GenerationRequest(prompt: prompt, maxTokens: 0)
        request.lens = try LensCapture(
            LensRequest(ProbeField(fields, path: "lens")),
            layout: prompt.layout,
            decoder: model.decoder,
            candidates: nil,
            target: target
        )
        let record = try #require(await InferenceEngine(model: model).result(of: request)?.lens)
        for layer in 0..<layers {
            for index in positions.indices {
                let start = (layer * positions.count + index) * vocabulary
                let reference = Array(expected.values[start..<start + vocabulary])
                let scores = record.top[layer][index]
                var read = [Float](repeating: .nan, count: vocabulary)
                for score in scores { read[score.id] = score.probability }
                #expect(absoluteError(read, reference) <= 1e-5, "layer \(layer), position \(positions[index])")
                #expect(zip(scores, scores.dropFirst()).allSatisfy { $0.probability >= $1.probability })
                #expect(abs(record.targetProbability[layer][index] - reference[target]) <= 1e-5)
            }
        }
    }

    @Test(arguments: ParityFixture.names)
    func theDecodersEndsAndAttentionAgreeByTheirSites(fixture name: String) async throws {
        let fixture = try StateFixture(name)
        let model = try fixture.checkpoint.model()
        let prompt = try await fixture.prompt(model)
        let positions = try fixture.integers("positions")
        let sites = [DecoderSite.embedding, .finalNorm, .block(1, .pattern)]
        let record = try await InferenceEngine(model: model).states(at: sites, of: prompt, positions: positions)
        for site in sites.prefix(2) {
            let rows = try #require(record.rows[site])
            let expected = try fixture.array(site.name).values
            #expect(relativeError(Array(rows.joined()), expected) <= 1e-4, "\(site.name)")
        }
        // [positions, heads, keys], with zeros behind the keys that a row sees.
        let (shape, values) = try fixture.array(sites[2].name)
        let rows = try #require(record.rows[sites[2]])
        #expect(rows.count == positions.count && shape == [positions.count, model.probeShape.heads, prompt.ids.count])
        for (index, position) in positions.enumerated() {
            let expected = (0..<shape[1]).flatMap { head in
                let start = (index * shape[1] + head) * shape[2]
                return values[start..<start + position + 1]
            }
            #expect(absoluteError(rows[index], Array(expected)) <= 1e-5, "row \(position)")
        }
    }

    @Test(arguments: ParityFixture.names)
    func theVisionTowersResidualStreamAgrees(fixture name: String) async throws {
        let fixture = try StateFixture(name)
        let model = try fixture.checkpoint.model()
        let pictures = try fixture.parityPrompt().images
        let tokens = try fixture.integers("vision_tokens")
        let places = [VisionSite.Place.residualPre, .residualMid, .residualPost]
        let sites = places.map { VisionSite(layer: 1, place: $0) }
        let states = try await PromptPreparer(model: model).visionStates(pictures, sites: sites)
        let width = model.vision.shape.hidden
        for site in sites {
            let expected = try fixture.array(site.name)
            #expect(expected.shape == [pictures.count, tokens.count, width])
            let found = try states.flatMap { picture -> [Float] in
                let values = try #require(picture[site])
                #expect(values.count == model.vision.shape.tokens * width)
                return tokens.flatMap { values[$0 * width..<($0 + 1) * width] }
            }
            #expect(relativeError(found, expected.values) <= 1e-4, "\(site.name)")
        }
    }
}
