import Foundation
import JSON
import ModelFixtures
import Testing

@testable import Models

@Suite struct LlavaConfigurationTests {
    /// Every number out of its range, one at a time, and what the message must hold.
    @Test(
        arguments: [
            ("text_config.hidden_size", [0, -1, 65537]), ("text_config.intermediate_size", [0, -1, 262_145]),
            ("text_config.num_hidden_layers", [0, -1, 513]), ("text_config.num_attention_heads", [0, -1, 1025]),
            ("text_config.num_key_value_heads", [0, -1, 1025]), ("text_config.head_dim", [0, 1, -2, 1025]),
            ("text_config.vocab_size", [0, -1, 2_000_001]),
            ("text_config.max_position_embeddings", [0, -1, (1 << 24) + 1]),
            ("vision_config.hidden_size", [0, -1, 16385]), ("vision_config.intermediate_size", [0, -1, 65537]),
            ("vision_config.num_hidden_layers", [0, -1, 257]), ("vision_config.num_attention_heads", [0, -1, 257]),
            ("vision_config.image_size", [0, -1, 4097]), ("vision_config.patch_size", [0, -1, 1025]),
            ("vision_config.num_channels", [0, 1, 4]), ("image_token_index", [-1, 384, 1 << 40]),
            ("vision_feature_layer", [4, -5, 1 << 40]),
        ] as [(String, [Int])]
    )
    func aNumberOutOfRangeIsAnErrorThatNamesFieldAndValue(path: String, values: [Int]) throws {
        for value in values {
            let error = #expect(throws: ModelError.self, "\(path) = \(value)") {
                try configuration(path, .integer(value))
            }
            let message = try #require(error?.message)
            let parts = path.split(separator: ".")
            #expect(message.contains("config.json"), "\(message)")
            #expect(parts.allSatisfy { message.contains($0) }, "\(message)")
            #expect(message.contains("\(value)"), "\(message)")
        }
    }

    @Test(
        arguments: [
            ("model_type", "bert", "bert"), ("text_config.model_type", "mamba", "mamba"),
            ("vision_config.model_type", "siglip_vision_model", "siglip"), ("text_config.hidden_act", "gelu", "gelu"),
            ("vision_config.hidden_act", "sine", "sine"), ("projector_hidden_act", 3, "projector_hidden_act"),
            ("vision_feature_select_strategy", "half", "half"), ("vision_feature_layer", [], "vision_feature_layer"),
            ("vision_feature_layer", [-1, -1, -1, -1, -1], "vision_feature_layer"), ("text_config", 3, "text_config"),
            ("vision_config", [], "vision_config"), ("text_config.rms_norm_eps", 0, "rms_norm_eps"),
            ("text_config.rms_norm_eps", "x", "rms_norm_eps"), ("vision_config.layer_norm_eps", -1, "layer_norm_eps"),
            ("text_config.rope_theta", 0, "rope_theta"), ("text_config.rope_theta", -1.5, "rope_theta"),
            ("text_config.num_key_value_heads", 3, "multiple"), ("text_config.head_dim", 7, "even"),
            ("text_config.hidden_size", 3, "head_dim"), ("vision_config.hidden_size", 25, "multiple"),
            ("vision_config.patch_size", 49, "patch_size"), ("text_config.attention_bias", 1, "attention_bias"),
            ("tie_word_embeddings", "no", "tie_word_embeddings"), ("text_config.vocab_size", 2.5, "vocab_size"),
            ("eos_token_id", "2", "eos_token_id"),
        ] as [(String, JSONValue, String)]
    )
    func aFieldThatCannotBeServedIsAnErrorThatNamesIt(path: String, value: JSONValue, words: String) throws {
        let error = #expect(throws: ModelError.self, "\(path)") { try configuration(path, value) }
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        #expect(error?.message.contains("config.json") == true, "\(String(describing: error))")
    }

    @Test func theImageTokenMustBeInTheVocabularyEvenByDefault() throws {
        let error = #expect(throws: ModelError.self) { try configuration("image_token_index", nil) }
        #expect(error?.message.contains("32000") == true, "\(String(describing: error))")
    }

    @Test func negativeFeatureLayersCountFromTheEnd() throws {
        #expect(try configuration("vision_feature_layer", -1).featureLayers == [3])
        #expect(try configuration("vision_feature_layer", 0).featureLayers == [0])
        #expect(try configuration("vision_feature_layer", [-4, 2]).featureLayers == [0, 2])
    }

    @Test func fullKeepsTheClassToken() throws {
        #expect(try configuration("vision_feature_select_strategy", "full").imageTokens == 37)
        #expect(try configuration("vision_feature_select_strategy", "default").imageTokens == 36)
    }

    @Test func endTokensMayBeOneOrMany() throws {
        #expect(try configuration("eos_token_id", 5).endTokenIDs == [5])
        #expect(try configuration("eos_token_id", [5, 6]).endTokenIDs == [5, 6])
        #expect(try configuration("text_config.eos_token_id", [7]).endTokenIDs == [7])
        #expect(try configuration("text_config.eos_token_id", nil).endTokenIDs == [])
    }

    @Test(
        arguments: [
            ([:], .none, 500),
            (["rope_scaling": nil], .none, 500),
            (["rope_scaling": ["type": "linear", "factor": 2.5]], .linear(factor: 2.5), 500),
            (["rope_scaling": ["rope_type": "linear", "factor": 4]], .linear(factor: 4), 500),
            (["rope_parameters": ["rope_type": "default", "rope_theta": 9]], .none, 9),
            (
                [
                    "rope_scaling": [
                        "rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
                        "original_max_position_embeddings": 64,
                    ]
                ],
                .llama3(factor: 8, low: 1, high: 4, originalContext: 64), 500
            ),
            (
                ["rope_parameters": ["rope_type": "llama3", "rope_theta": 7]],
                .llama3(factor: 8, low: 1, high: 4, originalContext: 8192), 7
            ),
        ] as [([String: JSONValue], RotaryScaling, Double)]
    )
    func everySpellingOfRotaryScalingIsRead(fields: [String: JSONValue], scaling: RotaryScaling, theta: Double) throws {
        var fields = fields
        fields["rope_theta"] = 500
        let read = try RotaryScaling.read(from: ConfigurationReader(path: "config.json", fields: fields))
        #expect(read.scaling == scaling)
        #expect(read.theta == theta)
    }

    @Test(
        arguments: [
            (["rope_scaling": ["type": "yarn"]], "yarn"), (["rope_scaling": ["type": 3]], "type"),
            (["rope_scaling": ["type": "linear", "factor": 0]], "factor"),
            (["rope_scaling": ["type": "linear", "factor": -1]], "factor"),
            (["rope_scaling": "linear"], "rope_scaling"),
            (
                ["rope_parameters": ["rope_type": "llama3", "low_freq_factor": 4, "high_freq_factor": 4]],
                "high_freq_factor"
            ),
            (
                ["rope_parameters": ["rope_type": "llama3", "original_max_position_embeddings": 0]],
                "original_max_position_embeddings"
            ),
        ] as [([String: JSONValue], String)]
    )
    func rotaryScalingThatIsNotKnownIsAnError(fields: [String: JSONValue], words: String) throws {
        let error = #expect(throws: ModelError.self) {
            try RotaryScaling.read(from: ConfigurationReader(path: "config.json", fields: fields))
        }
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test func linearScalingDividesAndLlama3KeepsTheFastFrequencies() {
        let plain = RotaryScaling.none.inverseFrequencies(theta: 10_000, headDim: 8)
        #expect(plain.count == 4)
        #expect(plain[0] == 1)
        #expect(abs(plain[2] - 0.01) < 1e-7)
        #expect(RotaryScaling.linear(factor: 2).inverseFrequencies(theta: 10_000, headDim: 8) == plain.map { $0 / 2 })
        let scaling = RotaryScaling.llama3(factor: 8, low: 1, high: 4, originalContext: 64)
        let stretched = scaling.inverseFrequencies(theta: 10_000, headDim: 8)
        // Wavelengths 6.3, 63, 628 and 6283 against 16 and 64.
        #expect(stretched[0] == plain[0])
        #expect(stretched[1] < plain[1] && stretched[1] > plain[1] / 8)
        #expect(stretched[2] == plain[2] / 8 && stretched[3] == plain[3] / 8)
    }

    private func configuration(_ path: String, _ value: JSONValue?) throws -> LlavaConfiguration {
        let data = try Data(contentsOf: ModelFixture.mhaCrop.directory.appendingPathComponent("config.json"))
        var root = try #require(try JSONValue(parsing: data).object)
        let keys = path.split(separator: ".").map(String.init)
        if keys.count == 2 {
            var nested = try #require(root[keys[0]]?.object)
            nested[keys[1]] = value
            root[keys[0]] = .object(nested)
        } else {
            root[keys[0]] = value
        }
        return try LlavaConfiguration(ConfigurationReader(path: "config.json", fields: root))
    }
}
