public import Tensors
import Weights

/// One sequence's rows in a step: consecutive positions that extend its cache.
public struct DecoderChunk {
    /// Rows of the step's matrix.
    public var rows: Range<Int>
    /// The sequence that the rows extend.
    public var sequence: DecoderSequence
    /// The block that the rows enter at, with the states that would have come to it; the number of blocks for rows
    /// that are through. The cache holds their keys and values of the blocks before it.
    public var firstLayer: Int

    /// Makes a chunk of `rows` that continue `sequence`.
    public init(rows: Range<Int>, sequence: DecoderSequence, firstLayer: Int = 0) {
        self.rows = rows
        self.sequence = sequence
        self.firstLayer = firstLayer
    }

    /// Whether chunks lie one after the other on all of `rows` rows, those that enter earlier before those that enter
    /// later: at each layer the rows that have entered are then a prefix, which is what a step computes.
    static func areInOrder(_ chunks: [DecoderChunk], rows: Int) -> Bool {
        var (end, layer) = (0, 0)
        for chunk in chunks {
            guard chunk.rows.lowerBound == end, chunk.firstLayer >= layer else { return false }
            (end, layer) = (chunk.rows.upperBound, chunk.firstLayer)
        }
        return end == rows
    }
}

/// A sequence under way: its cache and what probes it.
public final class DecoderSequence {
    /// Keys and values so far.
    public var cache: KeyValueCache
    /// Probes; `nil` for plain generation.
    public let hooks: (any DecoderHooks)?
    /// Keeps residual states as they were before `hooks` saw them.
    public let record: ResidualRecord?

    /// Continues from `cache`.
    public init(cache: KeyValueCache, hooks: (any DecoderHooks)?, record: ResidualRecord? = nil) {
        self.cache = cache
        self.hooks = hooks
        self.record = record
    }
}

/// A Llama decoder: RMSNorm, rotary grouped-query attention, gated SiLU MLP.
///
/// Reference: transformers' `modeling_llama`. Rows of many sequences pass through in one step, so the weights are read
/// once for all of them; a row's result does not depend on its neighbours.
public final class LlamaDecoder: Sendable {
    /// The shapes.
    public let configuration: DecoderConfiguration
    let compute: Compute
    let finalNorm: [Float]
    let stored: StoredDecoder
    private let format: WeightFormat
    private let embedding: EmbeddingTable
    private let blocks: [LlamaBlock]
    private let head: Linear
    private let cacheFormat: KeyValueFormat
    private let scratch: LlamaScratchStore

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
        scratch = LlamaScratchStore(configuration)
        cacheFormat = format == .f32 ? .f32 : .bf16
        embedding = EmbeddingTable(
            try body.tensor(
                "embed_tokens.weight",
                shape: [configuration.vocabularySize, configuration.hiddenSize]
            )
        )
        self.format = format
        let stored = StoredDecoder(configuration, body: body, head: headScope)
        self.stored = stored
        blocks = try (0..<configuration.layers).map { layer in
            defer { progress?.advance() }
            return try stored.block(layer: layer, format: format, compute: compute)
        }
        finalNorm = try body.tensor("norm.weight", shape: [configuration.hiddenSize]).floats()
        // A head that is tied has no tensor of its own.
        head = try (headScope ?? body).linear(
            [(headScope == nil ? "embed_tokens" : "lm_head", configuration.vocabularySize)],
            inputs: [configuration.hiddenSize],
            bias: false,
            format: format.outsideBlocks,
            compute: compute
        )
    }

    /// Bytes of the packed weights, the embedding table (mapped) not counted.
    public var byteCount: Int { blocks.reduce(head.byteCount) { $0 + $1.byteCount } }

    /// An empty cache of this decoder's shape.
    public func makeCache() -> KeyValueCache {
        KeyValueCache(
            layers: configuration.layers,
            shape: KeyValueShape(
                heads: configuration.keyValueHeads,
                headDim: configuration.headDim,
                format: cacheFormat
            )
        )
    }

    /// Writes the embeddings of `ids` into `rows`, `[ids, hidden]`.
    public func embed(_ ids: [Int], into rows: Matrix) {
        embedding.gather(ids, into: rows)
    }

    /// Writes the embedding of one id into `row`, `[1, hidden]`.
    public func embed(_ id: Int, into row: Matrix) {
        embedding.read(id, into: row)
    }

    /// The threads that its operations run on.
    public var pool: WorkerPool { compute.pool }

    /// Turns embeddings `[rows, hidden]` into final hidden states, in place, and extends each sequence's cache.
    ///
    /// Chunks lie one after the other in order of their first layer: those that enter later join the batch there.
    public func forward(_ states: Matrix, chunks: [DecoderChunk]) {
        precondition(
            DecoderChunk.areInOrder(chunks, rows: states.rows),
            "chunks must fill the \(states.rows) rows in order of their first layers"
        )
        scratch.withScratch { scratch in
            scratch.starts.removeAll(keepingCapacity: true)
            for chunk in chunks { scratch.starts.append(chunk.sequence.cache.count) }
            let starts = scratch.starts
            var active = chunks.prefix(0)
            for (layer, block) in blocks.enumerated() {
                while active.count < chunks.count, chunks[active.count].firstLayer <= layer {
                    active = chunks.prefix(active.count + 1)
                }
                guard let last = active.last else { continue }
                let rows = states.rows(0..<last.rows.upperBound)
                scratch.resize(rows: rows.rows)
                showResidual(rows, layer: layer, chunks: active, starts: starts)
                let next = layer + 1 < blocks.count ? blocks[layer + 1].firstWeights : head
                block(rows, chunks: active, starts: starts, scratch: scratch, next: next)
            }
            showResidual(states, layer: blocks.count, chunks: chunks[...], starts: starts)
            for (chunk, start) in zip(chunks, starts) { chunk.sequence.cache.advance(to: start + chunk.rows.count) }
        }
    }

    /// Next-token logits `[rows, vocabulary]` of residual states `[rows, hidden]`, which stay as they are. The model's
    /// own are those of the state after the last block, normed once; a lens may leave the norm out.
    public func logits(_ states: Matrix, normed isNormed: Bool = true) -> Matrix {
        let logits = Matrix(unwrittenRows: states.rows, columns: configuration.vocabularySize)
        writeLogits(of: states, normed: isNormed, into: logits)
        return logits
    }

    /// The same, written to `logits`.
    public func writeLogits(of states: Matrix, normed isNormed: Bool = true, into logits: Matrix) {
        guard isNormed else { return compute.linear(states, head, into: logits) }
        scratch.withScratch { scratch in
            let normed = scratch.hidden(rows: states.rows)
            norm(states, into: normed)
            compute.linear(normed, head, into: logits, next: blocks.first?.firstWeights)
        }
    }

    /// A block that computes in f32 with the weights as they are stored: the resident one where that does, else one
    /// that is packed for the caller.
    func exactBlock(_ layer: Int) throws -> LlamaBlock {
        format == .f32 ? blocks[layer] : try stored.block(layer: layer, format: .f32, compute: compute)
    }

    /// The final norm of residual states `[rows, hidden]`, which stay as they are.
    public func finalNormed(_ states: Matrix) -> Matrix {
        let normed = Matrix(unwrittenRows: states.rows, columns: states.columns)
        norm(states, into: normed)
        return normed
    }

    /// The direction of the residual stream, `[hidden]`, along which the head reads a token: its unembedding times the
    /// weight of the final norm. A state's logit is its product with this direction over its root mean square.
    public func readingDirection(of id: Int) -> [Float] {
        zip(compute.row(id, of: head), finalNorm).map { $0 * $1 }
    }

    // MARK: - Private

    private func norm(_ states: Matrix, into normed: Matrix) {
        compute.rmsNorm(states, weight: finalNorm, epsilon: configuration.epsilon, into: normed)
    }

    private func showResidual(_ states: Matrix, layer: Int, chunks: ArraySlice<DecoderChunk>, starts: [Int]) {
        for (chunk, start) in zip(chunks, starts) {
            let (rows, positions) = (states.rows(chunk.rows), start..<start + chunk.rows.count)
            chunk.sequence.record?.keep(rows, layer: layer, positions: positions)
            chunk.sequence.hooks?.residual(rows, layer: layer, positions: positions)
        }
    }
}
