import Tensors

/// One decoder block: attention and MLP, each added to the residual stream.
struct LlamaBlock: Sendable {
    private let configuration: DecoderConfiguration
    private let layer: Int
    private let inverseFrequencies: [Float]
    private let compute: Compute
    private let inputNorm, postAttentionNorm: [Float]
    private let queryKeyValue, output, gate, up, down: Linear

    init(
        _ configuration: DecoderConfiguration,
        layer: Int,
        inverseFrequencies: [Float],
        tensors: LlamaBlockTensors,
        format: WeightFormat,
        compute: Compute
    ) throws {
        self.configuration = configuration
        self.layer = layer
        self.inverseFrequencies = inverseFrequencies
        self.compute = compute
        inputNorm = tensors.inputNorm
        postAttentionNorm = tensors.postAttentionNorm
        queryKeyValue = try tensors.queryKeyValue.packed(format, compute: compute)
        output = try tensors.output.packed(format, compute: compute)
        let gateUp = try tensors.gateUp.packedApart(format, compute: compute)
        (gate, up) = (gateUp[0], gateUp[1])
        down = try tensors.down.packed(format, compute: compute)
    }

    /// The weights that a step reads first.
    var firstWeights: Linear { queryKeyValue }

    var byteCount: Int { [queryKeyValue, output, gate, up, down].reduce(0) { $0 + $1.byteCount } }

    /// Adds this block's attention and MLP to `states`, `[rows, hidden]`; `starts` are the chunks' first positions, `next`
    /// the weights that a step reads after this block.
    func callAsFunction(
        _ states: Matrix,
        chunks: ArraySlice<DecoderChunk>,
        starts: [Int],
        scratch: LlamaScratch,
        next: Linear? = nil
    ) {
        compute.rmsNorm(states, weight: inputNorm, epsilon: configuration.epsilon, into: scratch.normed)
        let views = SiteViews(layer: layer, chunks: chunks, starts: starts)
        attend(chunks: chunks, starts: starts, views: views, scratch: scratch)
        add(scratch.context, output, to: states, at: .attentionOutput, views, next: gate)
        views.show(states, at: .residualMid)

        compute.rmsNorm(states, weight: postAttentionNorm, epsilon: configuration.epsilon, into: scratch.normed)
        writeNeurons(of: scratch.normed, into: scratch.neurons, views)
        views.show(scratch.neurons, at: .neurons)
        add(scratch.neurons, down, to: states, at: .mlpOutput, views, next: next)
    }

    // MARK: - Private

    /// Writes the MLP's neurons, by way of the two factors where a probe wants to see them: the product is the same,
    /// bit for bit.
    private func writeNeurons(of x: Matrix, into neurons: Matrix, _ views: SiteViews) {
        guard views.areWanted(at: .gate) || views.areWanted(at: .up) else {
            return compute.gated(x, gate: gate, up: up, into: neurons, next: down)
        }
        let factor = Matrix(unwrittenRows: neurons.rows, columns: neurons.columns)
        compute.linear(x, gate, into: neurons)
        compute.linear(x, up, into: factor)
        views.show(neurons, at: .gate)
        views.show(factor, at: .up)
        compute.siluMultiply(gate: neurons, up: factor, into: neurons)
    }

    /// Adds a projection to the residual stream, by way of a buffer where a probe wants to see it: the sum is the same,
    /// bit for bit, since a product is complete before it is added.
    private func add(
        _ x: Matrix,
        _ weights: Linear,
        to states: Matrix,
        at site: BlockSite,
        _ views: SiteViews,
        next: Linear?
    ) {
        guard views.areWanted(at: site) else {
            return compute.linear(x, weights, into: states, accumulate: true, next: next)
        }
        let sum = Matrix(unwrittenRows: states.rows, columns: states.columns)
        compute.linear(x, weights, into: sum)
        views.show(sum, at: site)
        compute.add(sum, into: states)
    }

    /// Projects, rotates, extends the caches and attends; the result is `scratch.context`.
    private func attend(chunks: ArraySlice<DecoderChunk>, starts: [Int], views: SiteViews, scratch: LlamaScratch) {
        let attentionWidth = configuration.heads * configuration.headDim
        let cacheWidth = configuration.keyValueHeads * configuration.headDim
        compute.linear(scratch.normed, queryKeyValue, into: scratch.queryKeyValue, next: output)
        let queries = scratch.queryKeyValue.columns(0..<attentionWidth)
        let keys = scratch.queryKeyValue.columns(attentionWidth..<attentionWidth + cacheWidth)
        let values = scratch.queryKeyValue.columns(attentionWidth + cacheWidth..<attentionWidth + 2 * cacheWidth)
        views.show(queries, at: .query)
        views.show(keys, at: .key)
        views.show(values, at: .value)
        scratch.positions.removeAll(keepingCapacity: true)
        for (chunk, start) in zip(chunks, starts) {
            scratch.positions.append(contentsOf: start..<start + chunk.rows.count)
        }
        rotate(queries, heads: configuration.heads, positions: scratch.positions)
        rotate(keys, heads: configuration.keyValueHeads, positions: scratch.positions)
        views.show(queries, at: .rotatedQuery)
        views.show(keys, at: .rotatedKey)

        for (chunk, start) in zip(chunks, starts) {
            chunk.sequence.cache.write(
                layer: layer,
                position: start,
                keys: keys.rows(chunk.rows),
                values: values.rows(chunk.rows),
                compute: compute
            )
            scratch.groups.append(attentionGroup(chunk, start: start))
        }
        compute.attention(
            queries: queries,
            groups: scratch.groups,
            shape: AttentionShape(
                heads: configuration.heads,
                keyValueHeads: configuration.keyValueHeads,
                headDim: configuration.headDim,
                scale: 1 / Float(configuration.headDim).squareRoot()
            ),
            into: scratch.context
        )
        // Pages that someone else holds would be copied at the next write.
        scratch.groups.removeAll(keepingCapacity: true)
        views.show(scratch.context, at: .context)
    }

    private func rotate(_ rows: Matrix, heads: Int, positions: [Int]) {
        compute.rotary(
            rows,
            heads: heads,
            headDim: configuration.headDim,
            positions: positions,
            inverseFrequencies: inverseFrequencies
        )
    }

    private func attentionGroup(_ chunk: DecoderChunk, start: Int) -> AttentionGroup {
        let positions = start..<start + chunk.rows.count
        let hooks = chunk.sequence.hooks
        let cache = chunk.sequence.cache
        let edits = hooks?.attentionEdits(layer: layer, positions: positions, keyCount: positions.upperBound)
        var sinks: [PatternSink] = []
        if let hooks {
            for position in positions where hooks.wantsPattern(layer: layer, position: position) {
                let sink = PatternSink(row: position - start) { [layer] pattern in
                    hooks.receivePattern(pattern, layer: layer, position: position)
                }
                sinks.append(sink)
            }
        }
        return AttentionGroup(
            rows: chunk.rows,
            pages: cache.pages(layer: layer),
            keyCount: cache.entries(layer: layer, below: positions.upperBound),
            firstPosition: cache.entries(layer: layer, below: start),
            causal: true,
            edits: edits.map { cache.selection?.entries(of: $0, layer: layer) ?? $0 },
            captures: sinks
        )
    }
}
