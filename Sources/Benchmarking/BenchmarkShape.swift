import JSON

/// A model of known shape and random weights.
public enum BenchmarkShape: String, Sendable, CaseIterable {
    /// A model of a few million parameters, to try the benchmark itself.
    case tiny
    /// A Llama decoder of 1.1 billion parameters; 576 positions stand for an image.
    case llama1B = "llama-1b"
    /// CLIP ViT-L/14-336, all 24 blocks.
    case clipL336 = "clip-l-336"
    /// Llama-2-7B, CLIP ViT-L/14-336 and the projector.
    case llava7B = "llava-1.5-7b"

    /// Whether the decoder is worth measuring.
    public var hasDecoder: Bool { self != .clipL336 }
    /// Whether the vision tower is.
    public var hasVision: Bool { self != .llama1B }

    /// The configuration, as a checkpoint of this shape would bring it.
    var configuration: JSONValue {
        [
            "model_type": "llava",
            "image_token_index": .integer(text.vocabulary - 1),
            "vision_feature_layer": self == .clipL336 ? -1 : -2,
            "vision_feature_select_strategy": "default",
            "projector_hidden_act": "gelu",
            "tie_word_embeddings": false,
            "text_config": [
                "model_type": "llama",
                "hidden_size": .integer(text.hidden),
                "intermediate_size": .integer(text.inner),
                "num_hidden_layers": .integer(text.layers),
                "num_attention_heads": .integer(text.heads),
                "num_key_value_heads": .integer(text.keyValueHeads),
                "vocab_size": .integer(text.vocabulary),
                "max_position_embeddings": 4096,
                "rms_norm_eps": .number(1e-5),
            ],
            "vision_config": [
                "model_type": "clip_vision_model",
                "hidden_size": .integer(vision.hidden),
                "intermediate_size": .integer(vision.inner),
                "num_hidden_layers": .integer(vision.layers),
                "num_attention_heads": .integer(vision.heads),
                "image_size": .integer(Self.imageSize),
                "patch_size": 14,
                "hidden_act": "quick_gelu",
            ],
            "fovea": ["name": .string(rawValue), "random": true],
        ]
    }

    /// Entries of the vocabulary; the last one is the image token.
    var vocabularySize: Int { text.vocabulary }

    /// Side of the square picture: 24 × 24 patches in every shape.
    static let imageSize = 336

    // MARK: - Private

    private struct Text {
        let layers, hidden, inner, heads, keyValueHeads, vocabulary: Int
    }

    private struct Vision {
        let layers, hidden, inner, heads: Int
    }

    private var text: Text {
        switch self {
        case .llama1B:
            Text(layers: 22, hidden: 2048, inner: 5632, heads: 32, keyValueHeads: 4, vocabulary: 32000)
        case .llava7B:
            Text(layers: 32, hidden: 4096, inner: 11008, heads: 32, keyValueHeads: 32, vocabulary: 32064)
        case .tiny, .clipL336:
            Text(layers: 4, hidden: 64, inner: 160, heads: 4, keyValueHeads: 2, vocabulary: 512)
        }
    }

    private var vision: Vision {
        switch self {
        case .clipL336, .llava7B: Vision(layers: 24, hidden: 1024, inner: 4096, heads: 16)
        case .tiny, .llama1B: Vision(layers: 2, hidden: 32, inner: 64, heads: 2)
        }
    }
}
