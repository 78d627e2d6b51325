internal import CKernels
internal import Synchronization

/// Operations run backwards: from gradients of results to gradients of inputs. The same bits whatever the number of
/// threads; a sequence's gradients depend on that sequence alone.
extension Compute {
    /// Adds the gradients of `rmsNorm` at `x` to `result`; `gradient` is that of the normed rows. All [rows, columns].
    public func rmsNormBackward(
        _ x: Matrix,
        weight: [Float],
        epsilon: Float,
        gradient: Matrix,
        addingTo result: Matrix
    ) {
        precondition(weight.count == x.columns && gradient.columns == x.columns, "gradient of another shape")
        precondition(gradient.rows == x.rows && result.rows == x.rows, "gradient of another shape")
        precondition(result.columns == x.columns, "gradient of another shape")
        forRanges(of: x.rows, grain: 1 + 16384 / max(1, x.columns)) { rows in
            for r in rows {
                ck_rms_norm_backward(
                    x.base + r * x.stride,
                    weight,
                    gradient.base + r * gradient.stride,
                    epsilon,
                    x.columns,
                    result.base + r * result.stride
                )
            }
        }
    }

    /// Replaces `gate` and `up` by their gradients under `siluMultiply`; `gradient` is that of the product.
    public func siluMultiplyBackward(gate: Matrix, up: Matrix, gradient: Matrix) {
        precondition(gate.rows == up.rows && gate.columns == up.columns, "gate and up differ in shape")
        precondition(gradient.rows == up.rows && gradient.columns == up.columns, "gradient of another shape")
        forRanges(of: gate.rows, grain: 1 + 4096 / max(1, gate.columns)) { rows in
            for r in rows {
                let (gateRow, upRow) = (gate.base + r * gate.stride, up.base + r * up.stride)
                let gradientRow = gradient.base + r * gradient.stride
                ck_silu_multiply_backward(gateRow, upRow, gradientRow, gate.columns, gateRow, upRow)
            }
        }
    }

    /// Gradients of causal attention over sequences of `length` rows, one after another.
    ///
    /// `forward` are queries, keys and values side by side, [rows, (heads + 2 · keyValueHeads) · headDim], and `result`
    /// receives their gradients in the same places; `contextGradient` is [rows, heads · headDim]. `edits` are those of
    /// every sequence. With `relevance`, one weight for each row, the answer holds for each key of each sequence the sum
    /// over its rows of weight · mean over heads of max(0, A · dy/dA), with A the final probabilities (Chefer et al.
    /// 2021, arXiv 2103.15679); it is empty without.
    public func attentionBackward(
        _ forward: Matrix,
        contextGradient: Matrix,
        length: Int,
        shape: AttentionShape,
        edits: AttentionEdits?,
        relevance: [Float] = [],
        into result: Matrix
    ) -> [Float] {
        let width = (shape.heads + 2 * shape.keyValueHeads) * shape.headDim
        precondition(length > 0 && forward.rows % length == 0, "\(forward.rows) rows of sequences of \(length)")
        precondition(forward.columns == width && result.columns == width, "\(forward.columns) columns, not \(width)")
        precondition(result.rows == forward.rows && contextGradient.rows == forward.rows, "gradients of another shape")
        precondition(contextGradient.columns == shape.heads * shape.headDim, "gradients of another shape")
        precondition(relevance.isEmpty || relevance.count == forward.rows, "\(relevance.count) weights")
        result.fill(0)
        let sequences = forward.rows / length
        let work = AttentionBackward(
            forward: forward,
            contextGradient: contextGradient,
            result: result,
            length: length,
            shape: shape,
            edits: edits,
            relevance: relevance
        )
        var sums = [Float](repeating: 0, count: relevance.isEmpty ? 0 : sequences * shape.keyValueHeads * length)
        sums.withUnsafeMutableBufferPointer { sums in
            let memory = RelevanceMemory(base: sums.baseAddress)
            scratch.withLock { scratch in
                let blocks = scratch.perWorker(byteCount: 2 * length * MemoryLayout<Float>.stride)
                let kernels = self.kernels
                pool.run(tasks: sequences * shape.keyValueHeads) { task, worker in
                    work.run(task, kernels: kernels, sums: memory, scratch: blocks.floats(worker))
                }
            }
        }
        guard !relevance.isEmpty else { return [] }
        return (0..<forward.rows).map { row in
            let (sequence, key) = (row / length, row % length)
            let total = (0..<shape.keyValueHeads).reduce(Float(0)) { sum, head in
                sum + sums[(sequence * shape.keyValueHeads + head) * length + key]
            }
            return total / Float(shape.heads)
        }
    }
}

/// Where each task adds its relevance. Unchecked because of the pointer: tasks write disjoint parts.
private struct RelevanceMemory: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>?
}

/// One backward pass of attention, cut into tasks of one key-value head of one sequence.
private struct AttentionBackward: Sendable {
    let forward, contextGradient, result: Matrix
    let length: Int
    let shape: AttentionShape
    let relevance: [Float]
    private let vectors: [Float]
    private let biasIndex, factorIndex: [Int32]
    private let biasCount: Int

    init(
        forward: Matrix,
        contextGradient: Matrix,
        result: Matrix,
        length: Int,
        shape: AttentionShape,
        edits: AttentionEdits?,
        relevance: [Float]
    ) {
        self.forward = forward
        self.contextGradient = contextGradient
        self.result = result
        self.length = length
        self.shape = shape
        self.relevance = relevance
        vectors = edits.map { Array(($0.bias + $0.factor).joined()) } ?? []
        precondition(vectors.count == ((edits?.bias.count ?? 0) + (edits?.factor.count ?? 0)) * length, "short edits")
        biasIndex = edits?.biasIndex ?? []
        factorIndex = edits?.factorIndex ?? []
        biasCount = edits?.bias.count ?? 0
    }

    func run(
        _ task: Int,
        kernels: ck_kernels,
        sums: RelevanceMemory,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let (sequence, head) = (task / shape.keyValueHeads, task % shape.keyValueHeads)
        let headsPerKey = shape.heads / shape.keyValueHeads
        let first = sequence * length
        let keyColumn = (shape.heads + head) * shape.headDim
        let valueColumn = keyColumn + shape.keyValueHeads * shape.headDim
        var keys = ck_attention_backward_keys(
            keys: forward.base + first * forward.stride + keyColumn,
            values: forward.base + first * forward.stride + valueColumn,
            key_gradients: result.base + first * result.stride + keyColumn,
            value_gradients: result.base + first * result.stride + valueColumn,
            stride: forward.stride,
            gradient_stride: result.stride
        )
        var table = kernels
        vectors.withUnsafeBufferPointer { vectors in
            for query in head * headsPerKey..<(head + 1) * headsPerKey {
                let rows = (0..<length).map { row(first: first, row: $0, head: query, vectors: vectors.baseAddress) }
                let weights = relevance.isEmpty ? nil : Array(relevance[first..<first + length])
                ck_attention_backward(
                    &table,
                    rows,
                    length,
                    &keys,
                    shape.headDim,
                    shape.scale,
                    weights,
                    sums.base.map { $0 + task * length },
                    scratch
                )
            }
        }
    }

    private func row(
        first: Int,
        row: Int,
        head: Int,
        vectors: UnsafePointer<Float>?
    ) -> ck_attention_backward_row {
        let column = head * shape.headDim
        let edit = row * shape.heads + head
        let bias = biasIndex.isEmpty ? -1 : Int(biasIndex[edit])
        let factor = factorIndex.isEmpty ? -1 : Int(factorIndex[edit])
        return ck_attention_backward_row(
            query: forward.base + (first + row) * forward.stride + column,
            context_gradient: contextGradient.base + (first + row) * contextGradient.stride + column,
            query_gradient: result.base + (first + row) * result.stride + column,
            keys: row + 1,
            bias: bias < 0 ? nil : vectors.map { $0 + bias * length },
            factor: factor < 0 ? nil : vectors.map { $0 + (biasCount + factor) * length }
        )
    }
}
