import Foundation
import Tensors
import Testing

@testable import Weights

@Suite struct WeightScopeTests {
    private let directory: TemporaryDirectory
    private let checkpoint: Checkpoint

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(
            "model.safetensors",
            SafetensorsBuilder.file([
                .floats("language_model.model.layers.3.q_proj.weight", shape: [2, 3], [1, 2, 3, 4, 5, 6]),
                .floats("language_model.model.layers.31.norm.weight", shape: [1], [1]),
                .zeros("vision_tower.ids", type: "I64", shape: [2], byteCount: 16),
            ])
        )
        checkpoint = try Checkpoint(directory: directory.url)
    }

    @Test func joinsNamesWithDots() throws {
        let layer = checkpoint.scope("language_model.model").scope("layers.3")
        #expect(layer.path == "language_model.model.layers.3")
        #expect(try layer.scope("q_proj").tensor("weight", shape: [2, 3]).floats() == [1, 2, 3, 4, 5, 6])
        #expect(try checkpoint.scope().tensor("language_model.model.layers.31.norm.weight", shape: [1]).floats() == [1])
    }

    @Test func knowsWhatIsThere() throws {
        let model = checkpoint.scope("language_model.model")
        #expect(model.has("layers.3.q_proj.weight"))
        #expect(!model.has("layers.3.q_proj"))
        #expect(!model.has("layers.3.q_proj.bias"))
    }

    @Test func takesTheFirstPrefixThatExists() throws {
        let names = ["model.language_model", "language_model.model", "language_model"]
        #expect(try checkpoint.scope().scope(firstOf: names).path == "language_model.model")
        #expect(try checkpoint.scope("language_model.model.layers").scope(firstOf: ["1", "3"]).path.hasSuffix(".3"))
        let error = #expect(throws: WeightsError.self) { try checkpoint.scope().scope(firstOf: ["a", "language"]) }
        #expect(error?.code == .missing)
        #expect(error?.description.contains("'a.', 'language.'") == true)
    }

    @Test func aMissingTensorNamesExpectedAndNearest() {
        let error = #expect(throws: WeightsError.self) {
            try checkpoint.scope("language_model.model.layers.3").tensor("q_proj.bias", shape: [2])
        }
        #expect(error?.code == .missing)
        #expect(error?.tensor == "language_model.model.layers.3.q_proj.bias")
        #expect(error?.description.contains("[2]") == true)
        #expect(error?.description.contains("language_model.model.layers.3.q_proj.weight") == true)
    }

    @Test(arguments: [[3, 2], [6], [2, 3, 1], []])
    func aWrongShapeNamesExpectedAndFound(shape: [Int]) {
        let scope = checkpoint.scope("language_model.model.layers.3.q_proj")
        let required = #expect(throws: WeightsError.self) { try scope.tensor("weight", shape: shape) }
        #expect(required?.code == .wrongShape)
        #expect(required?.problem.contains("expected shape \(shape), found [2, 3]") == true)
    }

    @Test func aFormatThatCannotBeReadIsNamed() {
        let tower = checkpoint.scope("vision_tower")
        let error = #expect(throws: WeightsError.self) { try tower.tensor("ids", shape: [2]) }
        #expect(error?.code == .wrongType)
        #expect(error?.description.contains("I64") == true)
    }
}
