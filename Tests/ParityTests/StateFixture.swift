import Foundation
import Generation
import JSON
import Models
import Probing
import Tensors
import Testing

@testable import Weights

/// What `states.py` made of a checkpoint.
struct StateFixture {
    let checkpoint: ParityFixture
    let expected: JSONValue
    private let file: SafetensorsFile

    init(_ name: String) throws {
        checkpoint = try ParityFixture(name)
        expected = try JSONValue(parsing: Data(contentsOf: checkpoint.directory.appendingPathComponent("states.json")))
        file = try SafetensorsFile(path: checkpoint.directory.appendingPathComponent("states.safetensors").path)
    }

    func array(_ name: String) throws -> (shape: [Int], values: [Float]) {
        let entry = try #require(file.entries.first { $0.name == name }, "no array \(name)")
        let tensor = try #require(file.tensor(entry))
        return (tensor.shape, tensor.floats())
    }

    func integers(_ key: String) throws -> [Int] { try #require(expected[key]?.array).compactMap(\.integer) }

    func parityPrompt() throws -> ParityPrompt { try checkpoint.prompt(try #require(expected["prompt"]?.string)) }

    func prompt(_ model: VisionLanguageModel) async throws -> PreparedPrompt {
        try await parityPrompt().prepared(model)
    }

    /// The checkpoint with a mean embedding beside it, as `fovea mean-embedding` writes it.
    func modelWithMeanEmbedding() throws -> VisionLanguageModel {
        let files = FileManager.default
        let copy = files.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")
        try files.createDirectory(at: copy, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: copy) }
        for name in try files.contentsOfDirectory(atPath: checkpoint.directory.path) {
            try files.copyItem(
                at: checkpoint.directory.appendingPathComponent(name),
                to: copy.appendingPathComponent(name)
            )
        }
        let values = try array("mean_embedding").values
        var mean = MeanEmbedding(width: values.count)
        mean.add(Matrix(rows: 1, columns: values.count, values: values))
        try mean.write(to: copy.appendingPathComponent(MeanEmbedding.fileName), provenance: [:])
        var options = ModelOptions()
        options.format = .f32
        return try VisionLanguageModel.load(copy, options: options)
    }

    /// Resolves an intervention or a list of them as a request writes them, reading first the states that they need.
    func resolve(
        _ form: JSONValue,
        prompt: PreparedPrompt,
        engine: InferenceEngine
    ) async throws -> ResolvedInterventions {
        let list = try Intervention.list(ProbeField(form.array == nil ? [form] : form, path: "x"))
        let paths = list.indices.map { "x[\($0)]" }
        let model = engine.model
        var context = InterventionContext(layout: prompt.layout, ids: prompt.ids, images: prompt.images, model: model)
        for (intervention, path) in zip(list, paths) {
            guard let need = intervention.need(parameter: path) else { continue }
            var run = GenerationRequest(prompt: prompt, maxTokens: 0)
            run.states = try StateCapture(
                [need.site],
                parameters: [need.siteParameter],
                positions: need.positions.promptPositions(in: prompt.layout, parameter: need.parameter),
                decoder: model.decoder,
                maxTokens: 0
            )
            context.states[path] = try #require(await engine.result(of: run)?.states?.rows[need.site])
        }
        return try ResolvedInterventions.resolve(list, paths: paths, in: context)
    }
}
