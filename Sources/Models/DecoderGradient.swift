public import Tensors
import Weights

/// What a backward pass found.
public struct DecoderGradientResult: Sendable {
    /// The target's logit at the last position of each sequence.
    public let logits: [Float]
    /// Its gradient by the decoder's inputs, `[sequences · length, hidden]`.
    public let gradients: Matrix
    /// Gradient-weighted attention relevancy of each position for the last one, `[sequences · length]`: the last row
    /// of R, where R starts as the identity and every layer makes it R + ĀR, with Ā the mean over heads of
    /// max(0, A · dy/dA) (Chefer et al. 2021, arXiv 2103.15679, equations 5 and 6).
    public let relevance: [Float]
}

/// Gradients of a next-token logit by the decoder's input embeddings.
///
/// Everything is computed in f32 with the weights as they are stored, whatever format the resident ones have: with f32
/// ones the logits are those of generation. Forward passes keep the residual stream before each block alone; a block's
/// other states are computed again when its turn to go backwards comes. Blocks are packed one at a time, so that beside
/// the rows no more than one block's weights, both ways round, are in memory.
public struct DecoderGradient: Sendable {
    private let decoder: LlamaDecoder
    private let scratch: LlamaScratchStore
    private var configuration: DecoderConfiguration { decoder.configuration }

    /// Gradients through `decoder`.
    public init(_ decoder: LlamaDecoder) {
        self.decoder = decoder
        scratch = LlamaScratchStore(decoder.configuration)
    }

    /// Whether the weights can be read as they were stored; those that were packed into a file cannot.
    public var isAvailable: Bool { decoder.stored.isReadable }

    /// Bytes that a pass over `rows` rows takes beside the resident model.
    public func byteCount(rows: Int) -> Int {
        let hidden = configuration.hiddenSize
        let attention = configuration.heads * configuration.headDim
        let states = (configuration.layers + 5) * hidden + 2 * attention + 3 * configuration.queryKeyValueWidth
        let block = hidden * (configuration.queryKeyValueWidth + attention + 3 * configuration.intermediateSize)
        let largest = 2 * hidden * configuration.intermediateSize
        // Each way round once, and a transposed matrix before it is packed.
        let weights = 2 * block + largest
        return (rows * (states + 5 * configuration.intermediateSize) + weights) * MemoryLayout<Float>.stride
    }

    /// The target's logit at the end of each sequence of `length` rows of `inputs`, `[sequences · length, hidden]`.
    ///
    /// - Parameters:
    ///   - edges: edits attention, the same way in every sequence.
    ///   - check: called between blocks; what it throws ends the pass.
    public func logits(
        _ inputs: Matrix,
        length: Int,
        target: Int,
        edges: (any DecoderHooks)? = nil,
        check: () throws -> Void = {}
    ) throws -> [Float] {
        let states = Matrix(rows: inputs.rows, columns: inputs.columns)
        states.copy(from: inputs)
        try forward(states, length: length, edges: edges, check: check) { _ in }
        return try logits(of: states, length: length, target: target)
    }

    /// The same with its gradients; see `logits`.
    public func callAsFunction(
        _ inputs: Matrix,
        length: Int,
        target: Int,
        edges: (any DecoderHooks)? = nil,
        check: () throws -> Void = {}
    ) throws -> DecoderGradientResult {
        let states = Matrix(rows: inputs.rows, columns: inputs.columns)
        states.copy(from: inputs)
        var checkpoints: [Matrix] = []
        try forward(states, length: length, edges: edges, check: check) { before in
            let copy = Matrix(rows: before.rows, columns: before.columns)
            copy.copy(from: before)
            checkpoints.append(copy)
        }
        let gradients = try gradientOfLogit(states, length: length, target: target)
        let logits = try logits(of: states, length: length, target: target)
        var relevance = (0..<inputs.rows).map { Float($0 % length == length - 1 ? 1 : 0) }
        for layer in (0..<configuration.layers).reversed() {
            try check()
            let additions = try backward(
                gradients,
                through: layer,
                from: checkpoints.removeLast(),
                length: length,
                edges: edges,
                relevance: relevance
            )
            relevance = zip(relevance, additions).map { $0 + $1 }
        }
        return DecoderGradientResult(logits: logits, gradients: gradients, relevance: relevance)
    }

    // MARK: - Private

    private var shape: AttentionShape {
        AttentionShape(
            heads: configuration.heads,
            keyValueHeads: configuration.keyValueHeads,
            headDim: configuration.headDim,
            scale: 1 / Float(configuration.headDim).squareRoot()
        )
    }

    /// Brings `states` through all blocks; `visit` sees them before each.
    private func forward(
        _ states: Matrix,
        length: Int,
        edges: (any DecoderHooks)?,
        check: () throws -> Void,
        visit: (Matrix) -> Void
    ) throws {
        for layer in 0..<configuration.layers {
            try check()
            visit(states)
            try run(decoder.exactBlock(layer), on: states, length: length, tape: nil, edges: edges)
        }
    }

    private func run(_ block: LlamaBlock, on states: Matrix, length: Int, tape: BlockTape?, edges: (any DecoderHooks)?)
    {
        let chunks = stride(from: 0, to: states.rows, by: length).map { start in
            let rows = start..<start + length
            let hooks = TapeHooks(tape, rows: rows, edges: edges)
            return DecoderChunk(rows: rows, sequence: DecoderSequence(cache: exactCache(), hooks: hooks))
        }
        scratch.withScratch { scratch in
            scratch.resize(rows: states.rows)
            block(states, chunks: chunks[...], starts: chunks.map { _ in 0 }, scratch: scratch)
        }
    }

    /// An empty cache that keeps keys and values as they are.
    private func exactCache() -> KeyValueCache {
        let heads = configuration.keyValueHeads
        return KeyValueCache(
            layers: configuration.layers,
            shape: KeyValueShape(heads: heads, headDim: configuration.headDim, format: .f32)
        )
    }

    /// Turns gradients of what a block gives into those of what it takes, in place, and returns what the block adds to
    /// the relevance.
    private func backward(
        _ gradients: Matrix,
        through layer: Int,
        from inputs: Matrix,
        length: Int,
        edges: (any DecoderHooks)?,
        relevance: [Float]
    ) throws -> [Float] {
        let compute = decoder.compute
        let rows = inputs.rows
        let tape = BlockTape(configuration, rows: rows)
        let states = Matrix(rows: rows, columns: inputs.columns)
        states.copy(from: inputs)
        run(try decoder.exactBlock(layer), on: states, length: length, tape: tape, edges: edges)

        let tensors = try decoder.stored.tensors(layer: layer)
        func back(_ gradient: Matrix, through projection: LlamaBlockTensors.Projection, into result: Matrix) throws {
            compute.linear(gradient, .transposed(try projection.stored(), compute: compute), into: result)
        }
        let normed = states
        let neurons = Matrix(rows: rows, columns: configuration.intermediateSize)
        try back(gradients, through: tensors.down, into: neurons)
        compute.siluMultiplyBackward(gate: tape.gate, up: tape.up, gradient: neurons)
        try back(tape.gateUp, through: tensors.gateUp, into: normed)
        addNormGradient(normed, at: tape.middle, weight: tensors.postAttentionNorm, to: gradients)

        let context = Matrix(rows: rows, columns: configuration.heads * configuration.headDim)
        try back(gradients, through: tensors.output, into: context)
        let queryKeyValue = Matrix(rows: rows, columns: configuration.queryKeyValueWidth)
        let additions = compute.attentionBackward(
            tape.queryKeyValue,
            contextGradient: context,
            length: length,
            shape: shape,
            edits: edges?.attentionEdits(layer: layer, positions: 0..<length, keyCount: length),
            relevance: relevance,
            into: queryKeyValue
        )
        unrotate(queryKeyValue, length: length)
        try back(queryKeyValue, through: tensors.queryKeyValue, into: normed)
        addNormGradient(normed, at: inputs, weight: tensors.inputNorm, to: gradients)
        return additions
    }

    private func addNormGradient(_ gradient: Matrix, at x: Matrix, weight: [Float], to result: Matrix) {
        decoder.compute.rmsNormBackward(
            x,
            weight: weight,
            epsilon: configuration.epsilon,
            gradient: gradient,
            addingTo: result
        )
    }

    /// The transpose of a rotation is the rotation by the opposite angle. Queries and keys stand side by side.
    private func unrotate(_ gradients: Matrix, length: Int) {
        let heads = configuration.heads + configuration.keyValueHeads
        decoder.compute.rotary(
            gradients.columns(0..<heads * configuration.headDim),
            heads: heads,
            headDim: configuration.headDim,
            positions: (0..<gradients.rows).map { $0 % length },
            inverseFrequencies: decoder.stored.inverseFrequencies.map { -$0 }
        )
    }

    private func lastRows(_ matrix: Matrix, length: Int) -> [Matrix] {
        stride(from: length - 1, to: matrix.rows, by: length).map { matrix.rows($0..<$0 + 1) }
    }

    private func logits(of states: Matrix, length: Int, target: Int) throws -> [Float] {
        let weights = try decoder.stored.headRow(target).row(0)
        let normed = Matrix(rows: 1, columns: states.columns)
        return lastRows(states, length: length).map { last in
            decoder.compute.rmsNorm(last, weight: decoder.finalNorm, epsilon: configuration.epsilon, into: normed)
            return Float(zip(normed.row(0), weights).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
        }
    }

    /// The gradient of the target's logit by the states after the last block: nothing but in each last row.
    private func gradientOfLogit(_ states: Matrix, length: Int, target: Int) throws -> Matrix {
        let gradients = Matrix(rows: states.rows, columns: states.columns)
        let row = try decoder.stored.headRow(target)
        for (last, result) in zip(lastRows(states, length: length), lastRows(gradients, length: length)) {
            addNormGradient(row, at: last, weight: decoder.finalNorm, to: result)
        }
        return gradients
    }
}
