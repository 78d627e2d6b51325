import Tensors
import Weights

/// The stored tensors of one decoder block, by the names of Hugging Face checkpoints.
struct LlamaBlockTensors: Sendable {
    /// Matrices `[outputs, inputs]` that are stacked into one layer, and its biases.
    struct Projection: Sendable {
        private let parts: [(name: String, outputs: Int)]
        private let inputs: Int
        private let bias: Bool
        private let scope: WeightScope

        /// Names parts that share their inputs.
        init(_ parts: [(name: String, outputs: Int)], inputs: Int, bias: Bool, from scope: WeightScope) {
            self.parts = parts
            self.inputs = inputs
            self.bias = bias
            self.scope = scope
        }

        /// The matrices as they are stored.
        ///
        /// - Throws: ``WeightsError`` where a file holds them in packed form alone.
        func stored() throws(WeightsError) -> [StoredTensor] {
            var tensors: [StoredTensor] = []
            for part in parts {
                tensors.append(try scope.tensor("\(part.name).weight", shape: [part.outputs, inputs]))
            }
            return tensors
        }

        /// The layer that multiplies with these weights.
        func packed(_ format: WeightFormat, compute: Compute) throws(WeightsError) -> Linear {
            try scope.linear(parts, inputs: [inputs], bias: bias, format: format, compute: compute)
        }

        /// A layer for each part.
        func packedApart(_ format: WeightFormat, compute: Compute) throws(WeightsError) -> [Linear] {
            var layers: [Linear] = []
            for part in parts {
                layers.append(
                    try scope.linear([part], inputs: [inputs], bias: bias, format: format, compute: compute)
                )
            }
            return layers
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
        queryKeyValue = Projection(
            [
                ("self_attn.q_proj", attentionWidth), ("self_attn.k_proj", cacheWidth),
                ("self_attn.v_proj", cacheWidth),
            ],
            inputs: hidden,
            bias: configuration.attentionBias,
            from: scope
        )
        output = Projection(
            [("self_attn.o_proj", hidden)],
            inputs: attentionWidth,
            bias: configuration.attentionBias,
            from: scope
        )
        gateUp = Projection(
            [("mlp.gate_proj", inner), ("mlp.up_proj", inner)],
            inputs: hidden,
            bias: configuration.mlpBias,
            from: scope
        )
        down = Projection([("mlp.down_proj", hidden)], inputs: inner, bias: configuration.mlpBias, from: scope)
    }
}
