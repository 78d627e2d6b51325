import Tensors
import Weights

/// Buffers of one picture, shared by the tower's blocks.
struct ClipScratch {
    let normed, projected, expanded: Matrix
    let page: KeyValuePage

    init(_ configuration: ClipConfiguration, format: KeyValueFormat) {
        let (rows, hidden) = (configuration.positions, configuration.hiddenSize)
        normed = Matrix(unwrittenRows: rows, columns: hidden)
        projected = Matrix(unwrittenRows: rows, columns: 3 * hidden)
        expanded = Matrix(unwrittenRows: rows, columns: configuration.intermediateSize)
        let shape = KeyValueShape(heads: configuration.heads, headDim: hidden / configuration.heads, format: format)
        page = KeyValuePage(shape, capacity: (rows + 31) / 32 * 32)
    }
}

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

    /// Adds attention and MLP to `states`, `[positions, hidden]`, in place; `layer` is the block's number, for `hooks`.
    func callAsFunction(_ states: Matrix, layer: Int, scratch: ClipScratch, hooks: (any VisionHooks)?) {
        func show(_ place: VisionSite.Place) {
            let site = VisionSite(layer: layer, place: place)
            if let hooks, hooks.wants(site) { hooks.visit(states, at: site) }
        }
        show(.residualPre)
        let normed = scratch.normed
        attentionNorm.apply(states, epsilon: configuration.epsilon, into: normed, compute: compute)
        compute.linear(normed, queryKeyValue, into: scratch.projected)
        attend(scratch, into: normed, sinks: sinks(layer: layer, rows: states.rows, hooks))
        compute.linear(normed, output, into: states, accumulate: true)
        show(.residualMid)

        mlpNorm.apply(states, epsilon: configuration.epsilon, into: normed, compute: compute)
        compute.linear(normed, expand, into: scratch.expanded, activation: activation)
        compute.linear(scratch.expanded, contract, into: states, accumulate: true)
        show(.residualPost)
    }

    // MARK: - Private

    private func sinks(layer: Int, rows: Int, _ hooks: (any VisionHooks)?) -> [PatternSink] {
        guard let hooks, hooks.wants(VisionSite(layer: layer, place: .pattern)) else { return [] }
        return (0..<rows).map { row in
            PatternSink(row: row) { hooks.receivePattern($0, layer: layer, token: row) }
        }
    }

    private func attend(_ scratch: ClipScratch, into context: Matrix, sinks: [PatternSink]) {
        let hidden = configuration.hiddenSize
        let headDim = hidden / configuration.heads
        let projected = scratch.projected
        compute.store(
            keys: projected.columns(hidden..<2 * hidden),
            values: projected.columns(2 * hidden..<3 * hidden),
            into: scratch.page,
            at: 0
        )
        let everything = AttentionGroup(
            rows: 0..<projected.rows,
            pages: [scratch.page],
            keyCount: projected.rows,
            causal: false,
            captures: sinks
        )
        compute.attention(
            queries: projected.columns(0..<hidden),
            groups: [everything],
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
