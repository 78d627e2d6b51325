import Tensors
import Weights

/// The stored tensors of one decoder block, by the names of Hugging Face checkpoints.
struct LlamaBlockTensors: Sendable {
    /// Weights `[outputs, inputs]` that are stacked into one layer, and its biases.
    struct Projection: Sendable {
        let weights: [StoredTensor]
        let biases: [StoredTensor]?

        /// Reads parts that share their inputs.
        init(
            _ parts: [(name: String, outputs: Int)],
            inputs: Int,
            bias: Bool,
            from scope: WeightScope
        ) throws(WeightsError) {
            var weights: [StoredTensor] = []
            var biases: [StoredTensor] = []
            for part in parts {
                weights.append(try scope.tensor("\(part.name).weight", shape: [part.outputs, inputs]))
                if bias { biases.append(try scope.tensor("\(part.name).bias", shape: [part.outputs])) }
            }
            self.weights = weights
            self.biases = bias ? biases : nil
        }

        /// The layer that multiplies with these weights.
        func packed(_ format: WeightFormat, compute: Compute) -> Linear {
            Linear(weights, bias: biases, format: format, compute: compute)
        }
    }

    let inputNorm, postAttentionNorm: [Float]
    let queryKeyValue, output, gateUp, down: Projection

    init(_ configuration: DecoderConfiguration, from scope: WeightScope) throws(WeightsError) {
        let hidden = configuration.hiddenSize
        let inner = configuration.intermediateSize
        let attentionWidth = configuration.heads * configuration.headDim
        let cacheWidth = configuration.keyValueHeads * configuration.headDim
        inputNorm = try scope.tensor("input_layernorm.weight", shape: [hidden]).floats()
        postAttentionNorm = try scope.tensor("post_attention_layernorm.weight", shape: [hidden]).floats()
        queryKeyValue = try Projection(
            [
                ("self_attn.q_proj", attentionWidth), ("self_attn.k_proj", cacheWidth),
                ("self_attn.v_proj", cacheWidth),
            ],
            inputs: hidden,
            bias: configuration.attentionBias,
            from: scope
        )
        output = try Projection(
            [("self_attn.o_proj", hidden)],
            inputs: attentionWidth,
            bias: configuration.attentionBias,
            from: scope
        )
        gateUp = try Projection(
            [("mlp.gate_proj", inner), ("mlp.up_proj", inner)],
            inputs: hidden,
            bias: configuration.mlpBias,
            from: scope
        )
        down = try Projection([("mlp.down_proj", hidden)], inputs: inner, bias: configuration.mlpBias, from: scope)
    }
}
