import Tensors

/// Shapes of a CLIP vision tower.
public struct ClipConfiguration: Sendable, Equatable {
    /// Width of the residual stream.
    public var hiddenSize: Int
    /// Width of the MLP.
    public var intermediateSize: Int
    /// Number of blocks.
    public var layers: Int
    /// Attention heads; the head width is `hiddenSize / heads`.
    public var heads: Int
    /// Side of the square input in pixels.
    public var imageSize: Int
    /// Side of a patch in pixels.
    public var patchSize: Int
    /// LayerNorm's epsilon.
    public var epsilon: Float
    /// `quick_gelu` or `gelu`.
    public var activationName: String

    /// Patches along one side.
    public var gridSize: Int { imageSize / patchSize }
    /// Positions of the tower: the class token and one for each patch.
    public var positions: Int { gridSize * gridSize + 1 }

    /// Reads `vision_config` with the defaults of transformers' `CLIPVisionConfig`.
    init(_ vision: ConfigurationReader) throws(ModelError) {
        let kind = try vision.string("model_type") ?? "clip_vision_model"
        guard kind == "clip_vision_model" else {
            throw ModelError(
                "\(vision.path): model_type \"\(kind)\" is not supported; supported is \"clip_vision_model\""
            )
        }
        hiddenSize = try vision.integer("hidden_size", in: 1...16384, default: 768)
        intermediateSize = try vision.integer("intermediate_size", in: 1...65536, default: 3072)
        layers = try vision.integer("num_hidden_layers", in: 1...256, default: 12)
        heads = try vision.integer("num_attention_heads", in: 1...256, default: 12)
        imageSize = try vision.integer("image_size", in: 1...4096, default: 224)
        patchSize = try vision.integer("patch_size", in: 1...1024, default: 32)
        epsilon = Float(try vision.float("layer_norm_eps", default: 1e-5))
        activationName = try vision.string("hidden_act") ?? "quick_gelu"
        _ = try Activation(named: activationName, at: vision.path)
        let channels = try vision.integer("num_channels", in: 3...3, default: 3)
        guard channels == 3, patchSize <= imageSize else {
            throw ModelError(
                "\(vision.path): patch_size is \(patchSize); image_size, \(imageSize), must hold at least one"
            )
        }
        let grid = imageSize / patchSize
        guard grid * grid < 1 << 16 else {
            throw ModelError(
                "\(vision.path): image_size \(imageSize) and patch_size \(patchSize) make \(grid * grid) patches; at most "
                    + "\(1 << 16) are supported"
            )
        }
        guard hiddenSize % heads == 0 else {
            throw ModelError("\(vision.path): hidden_size, \(hiddenSize), must be a multiple of the \(heads) heads")
        }
    }
}

extension Activation {
    /// The activation that transformers calls `name`.
    init(named name: String, at path: String) throws(ModelError) {
        switch name {
        case "gelu": self = .gelu
        case "quick_gelu": self = .quickGelu
        case "gelu_pytorch_tanh", "gelu_new": self = .geluTanh
        case "silu", "swish": self = .silu
        case "relu": self = .relu
        default:
            throw ModelError(
                "\(path): activation \"\(name)\" is not supported; supported are gelu, quick_gelu, gelu_pytorch_tanh, silu, relu"
            )
        }
    }
}
