import Tensors
import Weights

/// One block of CLIP's encoder: attention among all positions and a two-layer MLP.
struct ClipBlock: Sendable {
    private let configuration: ClipConfiguration
    private let compute: Compute
    private let activation: Activation
    private let attentionNorm, mlpNorm: LayerNormWeights
    private let queryKeyValue, output, expand, contract: Linear

    init(
        _ configuration: ClipConfiguration,
        weights: WeightScope,
        format: WeightFormat,
        compute: Compute
    ) throws {
        self.configuration = configuration
        self.compute = compute
        activation = try Activation(named: configuration.activationName, at: "vision_config")
        let hidden = configuration.hiddenSize
        func linear(_ names: [String], inputs: Int, outputs: Int) throws -> Linear {
            try weights.linear(
                names.map { ($0, outputs) },
                inputs: [inputs],
                bias: true,
                format: format,
                compute: compute
            )
        }
        attentionNorm = try LayerNormWeights(weights.scope("layer_norm1"), width: hidden)
        mlpNorm = try LayerNormWeights(weights.scope("layer_norm2"), width: hidden)
        queryKeyValue = try linear(
            ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
            inputs: hidden,
            outputs: hidden
        )
        output = try linear(["self_attn.out_proj"], inputs: hidden, outputs: hidden)
        expand = try linear(["mlp.fc1"], inputs: hidden, outputs: configuration.intermediateSize)
        contract = try linear(["mlp.fc2"], inputs: configuration.intermediateSize, outputs: hidden)
    }

    var byteCount: Int { queryKeyValue.byteCount + output.byteCount + expand.byteCount + contract.byteCount }

    /// Adds attention and MLP to `states`, `[positions, hidden]`, in place.
    func callAsFunction(_ states: Matrix) {
        let hidden = configuration.hiddenSize
        let normed = Matrix(rows: states.rows, columns: hidden)
        attentionNorm.apply(states, epsilon: configuration.epsilon, into: normed, compute: compute)
        let projected = Matrix(rows: states.rows, columns: 3 * hidden)
        compute.linear(normed, queryKeyValue, into: projected)
        attend(projected, into: normed)
        compute.linear(normed, output, into: states, accumulate: true)

        mlpNorm.apply(states, epsilon: configuration.epsilon, into: normed, compute: compute)
        let expanded = Matrix(rows: states.rows, columns: configuration.intermediateSize)
        compute.linear(normed, expand, into: expanded, activation: activation)
        compute.linear(expanded, contract, into: states, accumulate: true)
    }

    // MARK: - Private

    private func attend(_ projected: Matrix, into context: Matrix) {
        let hidden = configuration.hiddenSize
        let headDim = hidden / configuration.heads
        let everything = KeyValueSegment(
            keys: projected.columns(hidden..<2 * hidden),
            values: projected.columns(2 * hidden..<3 * hidden)
        )
        compute.attention(
            queries: projected.columns(0..<hidden),
            groups: [
                AttentionGroup(rows: 0..<projected.rows, segments: [everything], firstPosition: 0, causal: false)
            ],
            shape: AttentionShape(
                heads: configuration.heads,
                keyValueHeads: configuration.heads,
                headDim: headDim,
                scale: 1 / Float(headDim).squareRoot()
            ),
            into: context
        )
    }
}
