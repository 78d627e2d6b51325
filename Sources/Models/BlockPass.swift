import Tensors

/// Passes of sequences of equal length through one block at a time, forwards and backwards, in f32 with the weights as
/// they are stored.
struct BlockPass {
    let decoder: LlamaDecoder
    let scratch: LlamaScratchStore
    /// Rows of each sequence.
    let length: Int
    /// What changes in every sequence.
    let changes: (any DifferentiableHooks)?

    private var configuration: DecoderConfiguration { decoder.configuration }

    /// Changes the residual stream before block `layer`, or behind the last one, and returns the way back.
    func changeResidual(_ states: Matrix, before layer: Int) -> Pullback {
        var pullbacks: [Pullback] = []
        for rows in sequences(of: states) {
            for site in DecoderSite.residual(before: layer, of: configuration.layers) {
                let pullback = changes?.change(states.rows(rows), at: site, positions: 0..<length)
                if let pullback { pullbacks.append { pullback($0.rows(rows)) } }
            }
        }
        return { gradients in
            for pullback in pullbacks.reversed() { pullback(gradients) }
        }
    }

    /// Brings states through block `layer`, in place, by the kernels of plain runs.
    func forward(_ states: Matrix, through layer: Int, tape: BlockTape? = nil) throws {
        let block = try decoder.exactBlock(layer)
        let chunks = sequences(of: states).map { rows in
            let hooks = TapeHooks(tape, rows: rows, changes: changes)
            return DecoderChunk(rows: rows, sequence: DecoderSequence(cache: exactCache(), hooks: hooks))
        }
        scratch.withScratch { scratch in
            scratch.resize(rows: states.rows)
            block(states, chunks: chunks[...], starts: chunks.map { _ in 0 }, scratch: scratch)
        }
    }

    /// Turns gradients of what block `layer` gives into those of what comes to it, before any change there, in place, and
    /// returns what the block adds to the relevance. `inputs` are what comes to it; they are changed as they were then.
    func backward(_ gradients: Matrix, through layer: Int, from inputs: Matrix, relevance: [Float]) throws -> [Float] {
        let compute = decoder.compute
        let rows = inputs.rows
        let pullback = changeResidual(inputs, before: layer)
        let tape = BlockTape(configuration, rows: rows)
        let states = Matrix(unwrittenRows: rows, columns: inputs.columns)
        states.copy(from: inputs)
        try forward(states, through: layer, tape: tape)

        let tensors = try decoder.stored.tensors(layer: layer)
        func back(_ gradient: Matrix, through projection: LlamaBlockTensors.Projection, into result: Matrix) throws {
            compute.linear(gradient, .transposed(try projection.stored(), compute: compute), into: result)
        }
        let normed = states
        let neurons = Matrix(rows: rows, columns: configuration.intermediateSize)
        try back(tape.pulledBack(gradients, at: .mlpOutput), through: tensors.down, into: neurons)
        tape.pullBack(neurons, at: .neurons)
        compute.siluMultiplyBackward(gate: tape.gate, up: tape.up, gradient: neurons)
        tape.pullBack(tape.gate, at: .gate)
        tape.pullBack(tape.up, at: .up)
        try back(tape.gateUp, through: tensors.gateUp, into: normed)
        addNormGradient(normed, at: tape.middle, weight: tensors.postAttentionNorm, to: gradients)
        tape.pullBack(gradients, at: .residualMid)

        let context = Matrix(rows: rows, columns: configuration.heads * configuration.headDim)
        try back(tape.pulledBack(gradients, at: .attentionOutput), through: tensors.output, into: context)
        tape.pullBack(context, at: .context)
        let queryKeyValue = Matrix(rows: rows, columns: configuration.queryKeyValueWidth)
        let additions = attentionBackward(tape, layer: layer, context, relevance: relevance, into: queryKeyValue)
        try back(queryKeyValue, through: tensors.queryKeyValue, into: normed)
        addNormGradient(normed, at: inputs, weight: tensors.inputNorm, to: gradients)
        pullback(gradients)
        return additions
    }

    /// Adds the gradients of an RMSNorm at `x` to `result`.
    func addNormGradient(_ gradient: Matrix, at x: Matrix, weight: [Float], to result: Matrix) {
        decoder.compute.rmsNormBackward(
            x,
            weight: weight,
            epsilon: configuration.epsilon,
            gradient: gradient,
            addingTo: result
        )
    }

    // MARK: - Private

    private func sequences(of states: Matrix) -> [Range<Int>] {
        stride(from: 0, to: states.rows, by: length).map { $0..<$0 + length }
    }

    /// An empty cache that keeps keys and values as they are.
    private func exactCache() -> KeyValueCache {
        let heads = configuration.keyValueHeads
        return KeyValueCache(
            layers: configuration.layers,
            shape: KeyValueShape(heads: heads, headDim: configuration.headDim, format: .f32)
        )
    }

    /// From gradients of each head's mix of values to those of the projections before rotation.
    private func attentionBackward(
        _ tape: BlockTape,
        layer: Int,
        _ context: Matrix,
        relevance: [Float],
        into gradients: Matrix
    ) -> [Float] {
        let additions = decoder.compute.attentionBackward(
            tape.queryKeyValue,
            contextGradient: context,
            length: length,
            shape: AttentionShape(
                heads: configuration.heads,
                keyValueHeads: configuration.keyValueHeads,
                headDim: configuration.headDim,
                scale: 1 / Float(configuration.headDim).squareRoot()
            ),
            edits: changes?.attentionEdits(layer: layer, positions: 0..<length, keyCount: length),
            relevance: relevance,
            into: gradients
        )
        func pullBack(_ sites: BlockSite...) {
            for site in sites { tape.pullBack(tape.projection(site, in: gradients), at: site) }
        }
        pullBack(.rotatedQuery, .rotatedKey)
        unrotate(gradients)
        pullBack(.query, .key, .value)
        return additions
    }

    /// The transpose of a rotation is the rotation by the opposite angle. Queries and keys stand side by side.
    private func unrotate(_ gradients: Matrix) {
        let heads = configuration.heads + configuration.keyValueHeads
        decoder.compute.rotary(
            gradients.columns(0..<heads * configuration.headDim),
            heads: heads,
            headDim: configuration.headDim,
            positions: (0..<gradients.rows).map { $0 % length },
            inverseFrequencies: decoder.stored.inverseFrequencies.map { -$0 }
        )
    }
}
