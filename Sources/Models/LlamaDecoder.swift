public import Tensors
import Weights

/// One sequence's rows in a step: consecutive positions that extend its cache.
public struct DecoderChunk {
    /// Rows of the step's matrix.
    public var rows: Range<Int>
    /// The sequence that the rows extend.
    public var sequence: DecoderSequence

    /// Makes a chunk of `rows` that continue `sequence`.
    public init(rows: Range<Int>, sequence: DecoderSequence) {
        self.rows = rows
        self.sequence = sequence
    }
}

/// A sequence under way: its cache and what probes it.
public final class DecoderSequence {
    /// Keys and values so far.
    public var cache: KeyValueCache
    /// Probes; `nil` for plain generation.
    public let hooks: (any DecoderHooks)?

    /// Continues from `cache`.
    public init(cache: KeyValueCache, hooks: (any DecoderHooks)?) {
        self.cache = cache
        self.hooks = hooks
    }
}

/// A Llama decoder: RMSNorm, rotary grouped-query attention, gated SiLU MLP.
///
/// Reference: transformers' `modeling_llama`. Rows of many sequences pass through in one step, so the weights are read
/// once for all of them; a row's result does not depend on its neighbours.
public final class LlamaDecoder: Sendable {
    /// The shapes.
    public let configuration: DecoderConfiguration
    private let compute: Compute
    private let embedding: EmbeddingTable
    private let blocks: [LlamaBlock]
    private let finalNorm: [Float]
    private let head: Linear

    init(
        _ configuration: DecoderConfiguration,
        body: WeightScope,
        head headScope: WeightScope?,
        format: WeightFormat,
        compute: Compute,
        progress: LoadProgress?
    ) throws {
        self.configuration = configuration
        self.compute = compute
        embedding = EmbeddingTable(
            try body.tensor(
                "embed_tokens.weight",
                shape: [configuration.vocabularySize, configuration.hiddenSize]
            )
        )
        let inverseFrequencies = configuration.ropeScaling.inverseFrequencies(
            theta: configuration.ropeTheta,
            headDim: configuration.headDim
        )
        blocks = try (0..<configuration.layers).map { layer in
            defer { progress?.advance() }
            return try LlamaBlock(
                configuration,
                layer: layer,
                inverseFrequencies: inverseFrequencies,
                tensors: LlamaBlockTensors(configuration, from: body.scope("layers.\(layer)")),
                format: format,
                compute: compute
            )
        }
        finalNorm = try body.tensor("norm.weight", shape: [configuration.hiddenSize]).floats()
        // A head that is tied has no tensor of its own.
        head = try (headScope ?? body).linear(
            [(headScope == nil ? "embed_tokens" : "lm_head", configuration.vocabularySize)],
            inputs: [configuration.hiddenSize],
            bias: false,
            format: format,
            compute: compute
        )
    }

    /// Bytes of the packed weights, the embedding table (mapped) not counted.
    public var byteCount: Int { blocks.reduce(head.byteCount) { $0 + $1.byteCount } }

    /// An empty cache of this decoder's shape.
    public func makeCache() -> KeyValueCache {
        KeyValueCache(layers: configuration.layers, width: configuration.keyValueHeads * configuration.headDim)
    }

    /// Writes the embeddings of `ids` into `rows`, `[ids, hidden]`.
    public func embed(_ ids: [Int], into rows: Matrix) {
        embedding.gather(ids, into: rows)
    }

    /// Turns embeddings `[rows, hidden]` into final hidden states, in place, and extends each sequence's cache.
    public func forward(_ states: Matrix, chunks: [DecoderChunk]) {
        let scratch = LlamaScratch(configuration, rows: states.rows)
        let starts = chunks.map(\.sequence.cache.count)
        for (layer, block) in blocks.enumerated() {
            showResidual(states, layer: layer, chunks: chunks, starts: starts)
            block(states, chunks: chunks, starts: starts, scratch: scratch)
        }
        showResidual(states, layer: blocks.count, chunks: chunks, starts: starts)
        for (chunk, start) in zip(chunks, starts) { chunk.sequence.cache.advance(to: start + chunk.rows.count) }
    }

    /// Next-token logits `[rows, vocabulary]` of residual states `[rows, hidden]`, which stay as they are. The model's
    /// own are those of the state after the last block, normed once; a lens may leave the norm out.
    public func logits(_ states: Matrix, normed isNormed: Bool = true) -> Matrix {
        var normed = states
        if isNormed {
            normed = Matrix(rows: states.rows, columns: states.columns)
            compute.rmsNorm(states, weight: finalNorm, epsilon: configuration.epsilon, into: normed)
        }
        let logits = Matrix(rows: states.rows, columns: configuration.vocabularySize)
        compute.linear(normed, head, into: logits)
        return logits
    }

    // MARK: - Private

    private func showResidual(_ states: Matrix, layer: Int, chunks: [DecoderChunk], starts: [Int]) {
        for (chunk, start) in zip(chunks, starts) {
            chunk.sequence.hooks?.residual(
                states.rows(chunk.rows),
                layer: layer,
                positions: start..<start + chunk.rows.count
            )
        }
    }
}
