import Foundation
import ModelFixtures
import Models
import Testing
import Weights

/// Tensors that do not fit the configuration.
@Suite struct CheckpointShapeTests {
    @Test(
        arguments: [
            ("text_config.hidden_size", 40, "embed_tokens.weight"), ("text_config.intermediate_size", 55, "mlp"),
            ("text_config.num_hidden_layers", 4, "layers.3"), ("text_config.vocab_size", 385, "embed_tokens.weight"),
            ("text_config.num_key_value_heads", 2, "k_proj"), ("text_config.head_dim", 6, "q_proj"),
            ("text_config.attention_bias", true, "q_proj.bias"), ("text_config.mlp_bias", true, "bias"),
            ("vision_config.hidden_size", 26, "class_embedding"), ("vision_config.patch_size", 6, "position_embedding"),
            ("vision_config.intermediate_size", 47, "fc1"), ("vision_config.image_size", 56, "position_embedding"),
        ] as [(String, any Sendable, String)]
    )
    func aTensorOfAnotherShapeIsAnErrorThatNamesIt(path: String, value: any Sendable, tensor: String) throws {
        let checkpoint = try CopiedCheckpoint()
        try checkpoint.configure(path, value)
        let error = #expect(throws: WeightsError.self) { try checkpoint.load() }
        #expect(error?.code == .wrongShape || error?.code == .missing)
        #expect(error?.tensor?.contains(tensor) == true, "\(String(describing: error))")
        if error?.code == .wrongShape {
            // Both shapes are there to compare.
            #expect(error?.problem.matches(of: #/\[\d+(, \d+)*\]/#).count == 2, "\(String(describing: error))")
        }
    }

    @Test func aTensorThatIsMissingIsNamed() throws {
        let checkpoint = try CopiedCheckpoint()
        try rename("model.norm.weight", to: "model.gone.weight", in: checkpoint)
        let error = #expect(throws: WeightsError.self) { try checkpoint.load() }
        #expect(error?.code == .missing)
        #expect(error?.tensor?.hasSuffix("model.norm.weight") == true, "\(String(describing: error))")
    }

    @Test func aHeadThatIsNeitherThereNorTiedIsMissing() throws {
        let checkpoint = try CopiedCheckpoint()
        try rename("lm_head.weight", to: "lm_gone.weight", in: checkpoint)
        let error = #expect(throws: WeightsError.self) { try checkpoint.load() }
        #expect(error?.code == .missing)
        #expect(error?.tensor?.contains("lm_head.weight") == true)
        try checkpoint.configure("tie_word_embeddings", true)
        let model = try checkpoint.load()
        #expect(model.description.unusedTensors.contains { $0.hasSuffix("lm_gone.weight") })
    }

    /// Names of equal length keep the header's offsets.
    private func rename(_ old: String, to new: String, in checkpoint: CopiedCheckpoint) throws {
        var data = try checkpoint.data("model.safetensors")
        let range = try #require(data.range(of: Data("\(old)\"".utf8)))
        try #require(old.utf8.count == new.utf8.count)
        data.replaceSubrange(range, with: Data("\(new)\"".utf8))
        try checkpoint.write(data, to: "model.safetensors")
    }
}
