import Generation
import Imaging
import JSON
import Models
import Tensors
import Testing

/// Every stage of a plain run against transformers in f32.
@Suite(.serialized) struct ForwardParityTests {
    @Test(arguments: ParityFixture.names)
    func promptHasTheSameTokensAndImagePositions(fixture name: String) async throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        for prompt in try fixture.prompts() {
            let prepared = try await prompt.prepared(model)
            #expect(prepared.ids == (try prompt.integers("ids")), "\(prompt.name)")
            #expect(prepared.layout.images.map(\.positions) == (try prompt.imageRanges), "\(prompt.name)")
        }
    }

    @Test(arguments: ParityFixture.names)
    func pixelsEqualTheProcessors(fixture name: String) throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        for prompt in try fixture.prompts() where fixture.has("\(prompt.name).pixel_values") {
            let step = try #require(prompt.fields["pixel_step"]?.integer)
            let expected = try prompt.array("pixel_values")
            var values: [Float] = []
            for image in try prompt.images {
                let prepared = model.preprocessor.prepare(try ImageDecoder.decode(image.bytes).image)
                let (height, width) = (prepared.geometry.modelHeight, prepared.geometry.modelWidth)
                for channel in 0..<3 {
                    for y in stride(from: 0, to: height, by: step) {
                        for x in stride(from: 0, to: width, by: step) {
                            values.append(prepared.pixels[(channel * height + y) * width + x])
                        }
                    }
                }
            }
            #expect(absoluteError(values, expected.values) <= 1e-6, "\(prompt.name)")
        }
    }

    @Test(arguments: ParityFixture.names)
    func visionFeaturesAndImageEmbeddingsAgree(fixture name: String) async throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        let vision = try #require(model.vision as? LlavaVision)
        for prompt in try fixture.prompts() where fixture.has("\(prompt.name).vision_features") {
            let step = prompt.fields["patch_step"]?.integer ?? 1
            let pictures = try prompt.images.map { try ImageDecoder.decode($0.bytes).image }
            let prepared = pictures.map(model.preprocessor.prepare)
            func sampled(_ matrix: Matrix) -> [Float] {
                stride(from: 0, to: matrix.rows, by: step).flatMap { matrix.row($0) }
            }
            let features = prepared.flatMap { sampled(vision.features($0)) }
            #expect(relativeError(features, try prompt.array("vision_features").values) <= 1e-4, "\(prompt.name)")
            let embeddings = prepared.flatMap { sampled(vision.encode($0)) }
            #expect(relativeError(embeddings, try prompt.array("image_embeddings").values) <= 1e-4, "\(prompt.name)")
        }
    }

    @Test(arguments: ParityFixture.names)
    func hiddenStatesAndLogitsAgreeAtEveryLayer(fixture name: String) async throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        for prompt in try fixture.prompts() {
            let recorder = ResidualRecorder(positions: try prompt.integers("hidden_positions"))
            let prepared = try await prompt.prepared(model)
            let states = forward(prepared, model: model, hooks: recorder)
            let expected = try prompt.array("hidden")
            #expect(recorder.layers.count == expected.shape[0])
            let stride = expected.values.count / expected.shape[0]
            for (layer, values) in recorder.layers.enumerated() {
                let reference = Array(expected.values[layer * stride..<(layer + 1) * stride])
                #expect(relativeError(values, reference) <= 1e-4, "\(prompt.name), layer \(layer)")
            }
            let positions = try prompt.integers("logit_positions")
            let logits = positions.flatMap { model.decoder.logits(states.rows($0..<$0 + 1)).row(0) }
            #expect(relativeError(logits, try prompt.array("logits").values) <= 1e-4, "\(prompt.name)")
        }
    }

    @Test(arguments: ParityFixture.names)
    func greedyTokensAreIdentical(fixture name: String) async throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        let engine = InferenceEngine(model: model)
        for prompt in try fixture.prompts() {
            let request = GenerationRequest(prompt: try await prompt.prepared(model), maxTokens: 32)
            let result = try #require(await engine.result(of: request))
            // transformers counts the end token among the answer's; Fovea does not.
            let expected = try prompt.integers("tokens").filter { !model.endTokens.contains($0) }
            #expect(result.tokens.map(\.id) == expected, "\(prompt.name)")
            #expect(result.finishReason.rawValue == prompt.fields["finish"]?.string, "\(prompt.name)")
        }
    }

    /// transformers runs bf16 weights with bf16 activations between all operations; Fovea rounds only the inputs of
    /// matrix products. Both lie within bf16's own error of the f32 result.
    @Test func bf16WeightsStayWithinTheirRounding() async throws {
        let fixture = try ParityFixture("mha-crop")
        let model = try fixture.model(format: .bf16)
        for prompt in try fixture.prompts() {
            let states = forward(try await prompt.prepared(model), model: model, hooks: nil)
            let logits = model.decoder.logits(states.rows(states.rows - 1..<states.rows)).row(0)
            let exact = Array(try prompt.array("logits").values.suffix(logits.count))
            #expect(relativeError(logits, exact) <= 0.05, "\(prompt.name) against f32")
            #expect(
                relativeError(logits, try prompt.array("bf16_logits").values) <= 0.08,
                "\(prompt.name) against bf16"
            )
        }
    }
}

/// One pass over a whole prompt; the final hidden states.
func forward(_ prompt: PreparedPrompt, model: VisionLanguageModel, hooks: (any DecoderHooks)?) -> Matrix {
    let states = Matrix(rows: prompt.ids.count, columns: model.decoder.configuration.hiddenSize)
    model.decoder.embed(prompt.ids, into: states)
    for (placement, embeddings) in zip(prompt.layout.images, prompt.images) {
        states.rows(placement.positions).copy(from: embeddings)
    }
    let sequence = DecoderSequence(cache: model.decoder.makeCache(), hooks: hooks)
    model.decoder.forward(states, chunks: [DecoderChunk(rows: 0..<states.rows, sequence: sequence)])
    return states
}

/// Keeps the residual stream at some positions before every layer and after the last.
final class ResidualRecorder: DecoderHooks {
    private let wanted: [Int]
    private(set) var layers: [[Float]] = []

    init(positions: [Int]) {
        wanted = positions
    }

    func residual(_ states: Matrix, layer: Int, positions: Range<Int>) {
        layers.append(wanted.flatMap { states.row($0 - positions.lowerBound) })
    }
}
