/// Shapes of a Llama-style text decoder, checked before anything is allocated.
public struct DecoderConfiguration: Sendable, Equatable {
    /// Width of the residual stream.
    public var hiddenSize: Int
    /// Width of the gated MLP.
    public var intermediateSize: Int
    /// Number of blocks, L.
    public var layers: Int
    /// Query heads, H.
    public var heads: Int
    /// Key and value heads; `heads` is a multiple of it.
    public var keyValueHeads: Int
    /// Width of one head.
    public var headDim: Int
    /// Rows of the embedding table.
    public var vocabularySize: Int
    /// Positions the checkpoint was made for.
    public var contextLength: Int
    /// RMSNorm's epsilon.
    public var epsilon: Float
    /// Rotary base.
    public var ropeTheta: Double
    /// Rotary scaling.
    public var ropeScaling: RotaryScaling
    /// Whether q, k, v and o projections carry biases.
    public var attentionBias: Bool
    /// Whether the MLP projections carry biases.
    public var mlpBias: Bool

    /// Reads `text_config` with the defaults of transformers' `LlamaConfig`.
    init(llama text: ConfigurationReader) throws(ModelError) {
        let kind = try text.string("model_type") ?? "llama"
        guard kind == "llama" else {
            throw ModelError("\(text.path): model_type \"\(kind)\" is not supported; supported is \"llama\"")
        }
        let activation = try text.string("hidden_act") ?? "silu"
        guard activation == "silu" else {
            throw ModelError("\(text.path): hidden_act \"\(activation)\" is not supported; Llama decoders use \"silu\"")
        }
        hiddenSize = try text.integer("hidden_size", in: 1...65536, default: 4096)
        intermediateSize = try text.integer("intermediate_size", in: 1...262144, default: 11008)
        layers = try text.integer("num_hidden_layers", in: 1...512, default: 32)
        heads = try text.integer("num_attention_heads", in: 1...1024, default: 32)
        keyValueHeads = try text.integer("num_key_value_heads", in: 1...1024, default: heads)
        headDim = try text.integer("head_dim", in: 2...1024, default: hiddenSize / heads)
        vocabularySize = try text.integer("vocab_size", in: 1...2_000_000, default: 32000)
        contextLength = try text.integer("max_position_embeddings", in: 1...(1 << 24), default: 2048)
        epsilon = Float(try text.float("rms_norm_eps", default: 1e-6))
        (ropeTheta, ropeScaling) = try RotaryScaling.read(from: text)
        attentionBias = try text.flag("attention_bias") ?? false
        mlpBias = try text.flag("mlp_bias") ?? false
        guard heads % keyValueHeads == 0 else {
            throw ModelError(
                "\(text.path): num_attention_heads, \(heads), must be a multiple of num_key_value_heads, \(keyValueHeads)"
            )
        }
        guard heads * headDim <= 1 << 17 else {
            throw ModelError(
                "\(text.path): \(heads) heads of head_dim \(headDim) are \(heads * headDim) wide; at most \(1 << 17) is supported"
            )
        }
        guard headDim % 2 == 0 else {
            throw ModelError("\(text.path): head_dim is \(headDim); rotary embedding needs an even one")
        }
    }
}
