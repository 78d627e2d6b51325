internal import CKernels
internal import Synchronization

extension Compute {
    /// y = activation(x Wᵀ + b), or y += that. x is [rows, inputs], y [rows, outputs]; they may not overlap.
    public func linear(
        _ x: Matrix,
        _ weights: Linear,
        into y: Matrix,
        activation: Activation = .none,
        accumulate: Bool = false
    ) {
        precondition(x.columns == weights.inputs, "\(x.columns) columns for \(weights.inputs) inputs")
        precondition(y.columns == weights.outputs && y.rows == x.rows, "\(y.rows) × \(y.columns) of output")
        guard x.rows > 0 else { return }
        scratch.withLock { scratch in
            let format = weights.format.kernelFormat
            let packed = scratch.packedRows.bytes(ck_packed_rows_size(format, x.rows, x.columns))
            let blocks = scratch.perWorker(byteCount: ck_gemm_scratch_size())
            withExtendedLifetime((x, y, weights)) {
                let gemm = ck_gemm(
                    rows: x.rows,
                    inputs: x.columns,
                    outputs: weights.outputs,
                    format: format,
                    packed_rows: packed,
                    panels: weights.panels.raw,
                    bias: weights.bias.map { UnsafePointer($0.floats) },
                    activation: activation.kernelActivation,
                    accumulate: accumulate,
                    y: y.base,
                    y_stride: y.stride
                )
                run(LinearWork(gemm: gemm, packed: packed, x: x, weights: weights), scratch: blocks)
            }
        }
    }

    // MARK: - Private

    private func run(_ work: LinearWork, scratch: WorkerScratch) {
        let kernels = self.kernels
        pool.run(tasks: work.rowTiles) { tile, _ in
            let rows = work.rows(tile: tile)
            let gemm = work.gemm
            kernels.pack_rows(
                gemm.format,
                work.x.base,
                work.x.stride,
                gemm.rows,
                gemm.inputs,
                rows.lowerBound,
                rows.upperBound,
                work.packed
            )
        }
        let group = work.panelsPerTask(threads: pool.threads)
        let groups = (work.panels + group - 1) / group
        pool.run(tasks: groups * work.rowBlocks) { task, worker in
            let rows = work.rows(block: task % work.rowBlocks)
            let first = task / work.rowBlocks * group
            let last = min(first + group, work.panels)
            withUnsafePointer(to: work.gemm) {
                kernels.gemm($0, rows.lowerBound, rows.upperBound, first, last, scratch.floats(worker))
            }
        }
    }
}

/// One product cut into tasks. Unchecked because of the pointers: tasks write disjoint parts.
private struct LinearWork: @unchecked Sendable {
    let gemm: ck_gemm
    let packed: UnsafeMutableRawPointer
    let x: Matrix
    let weights: Linear

    private static let rowBlock = Int(CK_ROW_BLOCK)
    private static let rowTile = Int(CK_ROW_TILE)
    private static let largestGroup = 8
    /// Bytes of weights that are worth the start of a task.
    private static let taskBytes = 128 << 10

    var panels: Int { weights.panelCount }
    var rowBlocks: Int { (x.rows + Self.rowBlock - 1) / Self.rowBlock }
    var rowTiles: Int { (x.rows + Self.rowTile - 1) / Self.rowTile }

    func rows(block: Int) -> Range<Int> { block * Self.rowBlock..<min((block + 1) * Self.rowBlock, x.rows) }

    func rows(tile: Int) -> Range<Int> { tile * Self.rowTile..<min((tile + 1) * Self.rowTile, x.rows) }

    /// Enough tasks that no thread waits long for the last one, else as many panels as share the packed rows. One block
    /// of rows waits for the weights alone: its tasks are as short as their start allows.
    func panelsPerTask(threads: Int) -> Int {
        let most = rowBlocks == 1 ? max(1, Self.taskBytes / weights.panelByteCount) : Self.largestGroup
        return max(1, min(most, panels * rowBlocks / (threads * 8)))
    }
}
