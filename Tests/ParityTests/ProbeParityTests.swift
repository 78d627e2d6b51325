import Generation
import JSON
import Models
import Probing
import Tensors
import Testing

/// Attention rows and knockouts against transformers with hooks and 4-D masks.
@Suite(.serialized) struct ProbeParityTests {
    @Test(arguments: ParityFixture.names)
    func everyHeadsAttentionRowsAgree(fixture name: String) async throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        let engine = InferenceEngine(model: model)
        for prompt in try fixture.prompts() {
            let rows = try prompt.integers("pattern_rows")
            var request = GenerationRequest(prompt: try await prompt.prepared(model), maxTokens: 32)
            request.capture = try everything(rows: rows, request.prompt, model)
            let result = try #require(await engine.result(of: request))
            try compare(result, with: prompt.array("pattern"), rows: rows, "\(prompt.name)")
        }
    }

    @Test(arguments: ParityFixture.names)
    func knockoutsAgreeInPrefillAndDecode(fixture name: String) async throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        let engine = InferenceEngine(model: model)
        for (name, fields) in try #require(fixture.expected["knockouts"]?.object) {
            let prompt = try fixture.prompt(try #require(fields["prompt"]?.string))
            let prepared = try await prompt.prepared(model)
            let tokens = try #require(fields["tokens"]?.array).compactMap(\.integer)
            let rows = try #require(fields["pattern_rows"]?.array).compactMap(\.integer)
            var request = GenerationRequest(prompt: prepared, maxTokens: tokens.count)
            request.interventions.edges = try #require(fields["edges"]?.array).map {
                try knockout($0, length: prepared.ids.count)
            }
            request.capture = try everything(rows: rows, prepared, model)
            let result = try #require(await engine.result(of: request))
            #expect(result.tokens.map(\.id) == tokens, "\(name)")
            let logits = try fixture.array("knockout.\(name).first_logits").values
            let expected = TokenDistribution(logits: logits).logProbabilities
            #expect(relativeError(result.next.logProbabilities, expected) <= 1e-4, "\(name)")
            try compare(result, with: fixture.array("knockout.\(name).pattern"), rows: rows, name)
        }
    }

    @Test(arguments: ParityFixture.names)
    func presetsMeanTheRowsThatTheyAreDefinedBy(fixture name: String) async throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        for (name, fields) in try #require(fixture.expected["knockouts"]?.object) {
            guard let preset = fields["preset"].flatMap({ $0.string }) else { continue }
            let prompt = try fixture.prompt(try #require(fields["prompt"]?.string))
            let layout = try await prompt.prepared(model).layout
            let intervention = try Intervention(ProbeField(.string(preset), path: "preset"))
            let resolved = try #require(
                try EdgeEdit.resolve(
                    intervention,
                    layout: layout,
                    shape: model.probeShape,
                    parameter: "preset"
                )
            )
            let edges = try knockout(try #require(fields["edges"]?.array?.first), length: layout.length)
            #expect(resolved.sources == edges.sources, "\(name)")
            #expect(resolved.receivers.generated == edges.receivers.generated, "\(name)")
            // Rows before the picture have nothing to lose; the presets leave them out.
            let image = try #require(layout.images.first?.positions.lowerBound)
            let seeing = edges.receivers.promptPositions.filter { $0 > image }
            #expect(resolved.receivers.promptPositions == seeing, "\(name)")
        }
    }

    @Test(arguments: ParityFixture.names)
    func tokenAblationsAgree(fixture name: String) async throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        let engine = InferenceEngine(model: model)
        for (name, fields) in try #require(fixture.expected["ablations"]?.object) {
            let promptName = try #require(fields["prompt"]?.string)
            let tokens = try #require(fields["tokens"]?.array).compactMap(\.integer)
            let prompt = try await fixture.prompt(promptName).prepared(model)
            let width = model.decoder.configuration.hiddenSize
            let embedding =
                fields["replace"] == "zero"
                ? [Float](repeating: 0, count: width)
                : try fixture.array("ablation.\(promptName).mean_embedding").values
            var request = GenerationRequest(prompt: prompt, maxTokens: tokens.count)
            let positions = try ranges(fields["positions"]).flatMap { $0 }
            request.interventions.states = [.embeddings(positions, become: embedding)]
            let result = try #require(await engine.result(of: request))
            #expect(result.tokens.map(\.id) == tokens.filter { !model.endTokens.contains($0) }, "\(name)")
            let logits = try fixture.array("ablation.\(name).first_logits").values
            let expected = TokenDistribution(logits: logits).logProbabilities
            #expect(relativeError(result.next.logProbabilities, expected) <= 1e-4, "\(name)")
        }
    }

    @Test(arguments: ParityFixture.names)
    func lensAtTheLastLayerIsTheModelsOwnDistribution(fixture name: String) async throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        let field = ProbeField(["positions": "last", "top_k": 7], path: "lens")
        for prompt in try fixture.prompts() {
            let prepared = try await prompt.prepared(model)
            var request = GenerationRequest(prompt: prepared, maxTokens: 0)
            let capture = try LensCapture(
                LensRequest(field),
                layout: prepared.layout,
                decoder: model.decoder,
                candidates: nil,
                target: 3
            )
            request.lens = capture
            let result = try #require(await InferenceEngine(model: model).result(of: request))
            let record = try #require(result.lens)
            #expect(capture.layers.count == model.decoder.configuration.layers + 1)
            #expect(record.top.last == [result.next.top(7)])
            #expect(record.targetProbability.last == [result.next[3].probability])
        }
    }

    // MARK: - Private

    /// Every layer, head and column of some rows.
    private func everything(
        rows: [Int],
        _ prompt: PreparedPrompt,
        _ model: VisionLanguageModel
    ) throws -> AttentionCapture {
        var request = AttentionRequest()
        request.heads = .each(.all)
        request.columns = .all
        let prompted = rows.filter { $0 < prompt.ids.count }
        let parts: [SpanSelector] = [.named("generated")] + (prompted.isEmpty ? [] : [.indices(prompted)])
        request.rows = .union(parts)
        return try AttentionCapture(request, layout: prompt.layout, shape: model.probeShape, maxTokens: 64)
    }

    /// `[layers][heads][rows][keys]`, rows padded with zeros behind the keys that they see.
    private func compare(
        _ result: GenerationResult,
        with expected: (shape: [Int], values: [Float]),
        rows: [Int],
        _ comment: String
    ) throws {
        let (layers, heads, keys) = (expected.shape[0], expected.shape[1], expected.shape[3])
        #expect(expected.shape[2] == rows.count)
        for (index, position) in rows.enumerated() {
            let row = try #require(result.attention[position], "\(comment): no row \(position)")
            for layer in 0..<layers {
                for head in 0..<heads {
                    let start = ((layer * heads + head) * rows.count + index) * keys
                    let reference = Array(expected.values[start..<start + position + 1])
                    let error = absoluteError(row.layers[layer].maps[head], reference)
                    #expect(error <= 1e-5, "\(comment): row \(position), layer \(layer), head \(head)")
                }
            }
        }
    }
}
