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
                let work = LinearWork(
                    kernels: kernels,
                    gemm: gemm,
                    packed: packed,
                    x: x,
                    weights: weights,
                    scratch: blocks,
                    threads: pool.threads
                )
                run(work)
            }
        }
    }

    // MARK: - Private

    private func run(_ work: LinearWork) {
        withUnsafePointer(to: work) { context in
            pool.run(tasks: work.rowTiles, context: context) { work, tile, _ in
                work.assumingMemoryBound(to: LinearWork.self).pointee.pack(tile: tile)
            }
            pool.run(tasks: work.tasks, context: context) { work, task, worker in
                work.assumingMemoryBound(to: LinearWork.self).pointee.multiply(task: task, worker: worker)
            }
        }
    }
}

/// One product cut into tasks. Unchecked because of the pointers: tasks write disjoint parts.
private struct LinearWork: @unchecked Sendable {
    let kernels: ck_kernels
    let gemm: ck_gemm
    let packed: UnsafeMutableRawPointer
    let x: Matrix
    let weights: Linear
    let scratch: WorkerScratch
    let rowTiles, tasks: Int
    private let rowBlocks, panelsPerTask: Int

    private static let rowBlock = Int(CK_ROW_BLOCK)
    private static let rowTile = Int(CK_ROW_TILE)
    private static let largestGroup = 8
    /// Bytes of weights that are worth the start of a task.
    private static let taskBytes = 128 << 10

    init(
        kernels: ck_kernels,
        gemm: ck_gemm,
        packed: UnsafeMutableRawPointer,
        x: Matrix,
        weights: Linear,
        scratch: WorkerScratch,
        threads: Int
    ) {
        (self.kernels, self.gemm, self.packed) = (kernels, gemm, packed)
        (self.x, self.weights, self.scratch) = (x, weights, scratch)
        rowTiles = (x.rows + Self.rowTile - 1) / Self.rowTile
        rowBlocks = (x.rows + Self.rowBlock - 1) / Self.rowBlock
        // Enough tasks that no thread waits long for the last one, else as many panels as share the packed rows. One
        // block of rows waits for the weights alone: its tasks are as short as their start allows.
        let most = rowBlocks == 1 ? max(1, Self.taskBytes / weights.panelByteCount) : Self.largestGroup
        let panels = weights.panelCount
        panelsPerTask = max(1, min(most, panels * rowBlocks / (threads * 8)))
        tasks = (panels + panelsPerTask - 1) / panelsPerTask * rowBlocks
    }

    /// Packs one tile of rows.
    func pack(tile: Int) {
        let first = tile * Self.rowTile
        let end = min(first + Self.rowTile, x.rows)
        kernels.pack_rows(gemm.format, x.base, x.stride, gemm.rows, gemm.inputs, first, end, packed)
    }

    /// Multiplies one block of rows with some panels.
    func multiply(task: Int, worker: Int) {
        let row = task % rowBlocks * Self.rowBlock
        let panel = task / rowBlocks * panelsPerTask
        let last = min(panel + panelsPerTask, weights.panelCount)
        withUnsafePointer(to: gemm) {
            kernels.gemm($0, row, min(row + Self.rowBlock, x.rows), panel, last, scratch.floats(worker))
        }
    }
}
