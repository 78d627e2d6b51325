import Foundation
import Tensors
import Testing

@testable import Weights

/// The parity checkpoints, which are written as published ones are.
@Suite struct PublishedFormatTests {
    private func checkpoint(_ name: String) throws -> Checkpoint {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Checkpoint(directory: tests.appendingPathComponent("Fixtures/llava/\(name)"))
    }

    @Test(arguments: [
        ("mha-crop", "F32", "language_model.model", "vision_tower.vision_model", [384, 32]),
        ("gqa-pad", "F32", "model.language_model", "model.vision_tower.vision_model", [330, 32]),
        ("grid24", "BF16", "language_model.model", "vision_tower.vision_model", [307, 36]),
        ("features", "F16", "model.language_model", "model.vision_tower", [300, 24]),
    ])
    func opensEveryNamingScheme(name: String, type: String, text: String, vision: String, shape: [Int]) throws {
        let checkpoint = try checkpoint(name)
        #expect(Array(checkpoint.totals.elementTypes.keys) == [type])

        let decoder = try checkpoint.scope().scope(firstOf: ["model.language_model", "language_model.model"])
        #expect(decoder.path == text)
        let embeddings = try decoder.tensor("embed_tokens.weight", shape: shape)
        #expect(embeddings.floats().count == shape[0] * shape[1])
        #expect(embeddings.floats().allSatisfy { $0.isFinite })

        let towers = ["model.vision_tower", "vision_tower"].flatMap { ["\($0).vision_model", $0] }
        #expect(try checkpoint.scope().scope(firstOf: towers).path == vision)
    }

    @Test func aTiedHeadIsNotThere() throws {
        let (tied, separate) = (try checkpoint("gqa-pad"), try checkpoint("mha-crop"))
        #expect(!tied.scope().has("lm_head.weight"))
        #expect(separate.scope("language_model").has("lm_head.weight"))
    }
}
