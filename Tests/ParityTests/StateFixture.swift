import Foundation
import Generation
import JSON
import Models
import Probing
import Tensors
import Testing

/// What `states.py` made of a checkpoint.
struct StateFixture {
    let checkpoint: ParityFixture
    let expected: JSONValue
    private let arrays: FixtureArrays

    init(_ name: String) throws {
        checkpoint = try ParityFixture(name)
        expected = try JSONValue(parsing: Data(contentsOf: checkpoint.directory.appendingPathComponent("states.json")))
        arrays = try FixtureArrays(checkpoint.directory.appendingPathComponent("states.safetensors"))
    }

    func array(_ name: String) throws -> (shape: [Int], values: [Float]) { try arrays(name) }

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
}
