import Tensors
import Weights

/// CLIP's vision transformer up to the last state that is needed.
///
/// Reference: transformers' `modeling_clip`. State 0 is the embedding after `pre_layrnorm`, state k follows block k.
struct ClipTower: Sendable {
    private let configuration: ClipConfiguration
    private let compute: Compute
    private let format: WeightFormat
    private let classEmbedding: [Float]
    private let positionEmbedding: EmbeddingTable
    private let patchEmbedding: Linear
    private let preNorm: LayerNormWeights
    private let blocks: [ClipBlock]

    /// Reads the blocks that `states` needs; later ones stay on disk.
    init(
        _ configuration: ClipConfiguration,
        states: [Int],
        weights: WeightScope,
        format: WeightFormat,
        compute: Compute
    ) throws {
        self.configuration = configuration
        self.compute = compute
        self.format = format
        let hidden = configuration.hiddenSize
        let patch = configuration.patchSize
        let embeddings = weights.scope("embeddings")
        classEmbedding = try embeddings.tensor("class_embedding", shape: [hidden]).floats()
        positionEmbedding = EmbeddingTable(
            try embeddings.tensor("position_embedding.weight", shape: [configuration.positions, hidden])
        )
        patchEmbedding = try embeddings.linear(
            [("patch_embedding", hidden)],
            inputs: [3, patch, patch],
            bias: false,
            format: format,
            compute: compute
        )
        preNorm = try LayerNormWeights(weights.scope("pre_layrnorm"), width: hidden)
        blocks = try (0..<(states.max() ?? 0)).map { layer in
            try ClipBlock(
                configuration,
                weights: weights.scope("encoder.layers.\(layer)"),
                format: format,
                compute: compute
            )
        }
    }

    var byteCount: Int { blocks.reduce(patchEmbedding.byteCount) { $0 + $1.byteCount } }

    /// The sizes of what it computes.
    var shape: VisionShape {
        VisionShape(
            layers: blocks.count,
            heads: configuration.heads,
            tokens: configuration.positions,
            hidden: configuration.hiddenSize
        )
    }

    /// The wanted states `[1 + patches, hidden]` of one picture's patches `[patches, 3 · side · side]`.
    func callAsFunction(_ patches: Matrix, states wanted: [Int], hooks: (any VisionHooks)?) -> [Int: Matrix] {
        let hidden = Matrix(rows: configuration.positions, columns: configuration.hiddenSize)
        compute.linear(patches, patchEmbedding, into: hidden.rows(1..<configuration.positions))
        hidden.setRow(0, classEmbedding)
        let positions = Matrix(rows: hidden.rows, columns: hidden.columns)
        positionEmbedding.gather(Array(0..<configuration.positions), into: positions)
        compute.add(positions, into: hidden)
        preNorm.apply(hidden, epsilon: configuration.epsilon, into: hidden, compute: compute)

        let scratch = ClipScratch(configuration, format: format == .f32 ? .f32 : .bf16)
        var states: [Int: Matrix] = [:]
        for state in 0...blocks.count {
            if state > 0 { blocks[state - 1](hidden, layer: state - 1, scratch: scratch, hooks: hooks) }
            if wanted.contains(state) {
                let copy = Matrix(rows: hidden.rows, columns: hidden.columns)
                copy.copy(from: hidden)
                states[state] = copy
            }
        }
        return states
    }
}

/// Scale and shift of a LayerNorm.
struct LayerNormWeights: Sendable {
    let weight, bias: [Float]

    init(_ weights: WeightScope, width: Int) throws {
        weight = try weights.tensor("weight", shape: [width]).floats()
        bias = try weights.tensor("bias", shape: [width]).floats()
    }

    func apply(_ x: Matrix, epsilon: Float, into y: Matrix, compute: Compute) {
        compute.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon, into: y)
    }
}
