internal import CKernels
internal import Synchronization

extension Compute {
    /// y = activation(x Wᵀ + b), or y += that. x is [rows, inputs], y [rows, outputs]; they may not overlap. `next` are
    /// the weights that come after these: where rows are few, threads without work ask memory for them.
    public func linear(
        _ x: Matrix,
        _ weights: Linear,
        into y: Matrix,
        activation: Activation = .none,
        accumulate: Bool = false,
        next: Linear? = nil
    ) {
        let combination = accumulate ? CK_ADD : CK_REPLACE
        run(Product(weights, activation: activation, combination: combination), nil, of: x, into: y, next: next)
    }

    /// y = silu(x Gᵀ + b) · (x Uᵀ + c), bit for bit that of `linear` and `siluMultiply` without the matrices between
    /// them. Shapes and `next` as in `linear`.
    public func gated(_ x: Matrix, gate: Linear, up: Linear, into y: Matrix, next: Linear? = nil) {
        precondition(gate.inputs == up.inputs && gate.outputs == up.outputs, "gate and up differ in shape")
        precondition(gate.format == up.format, "gate and up differ in format")
        let gate = Product(gate, activation: .silu, combination: CK_REPLACE)
        run(gate, Product(up, activation: .none, combination: CK_MULTIPLY), of: x, into: y, next: next)
    }

    // MARK: - Private

    /// Runs one product, or two of the same shape one after the other in each task.
    private func run(_ first: Product, _ second: Product?, of x: Matrix, into y: Matrix, next: Linear?) {
        let weights = first.weights
        precondition(x.columns == weights.inputs, "\(x.columns) columns for \(weights.inputs) inputs")
        precondition(y.columns == weights.outputs && y.rows == x.rows, "\(y.rows) × \(y.columns) of output")
        guard x.rows > 0 else { return }
        scratch.withLock { scratch in
            let packed = scratch.packedRows.bytes(ck_packed_rows_size(weights.format.kernelFormat, x.rows, x.columns))
            let blocks = scratch.perWorker(byteCount: ck_gemm_scratch_size())
            withExtendedLifetime((x, y, first, second)) {
                let tasks = LinearTasks(
                    first.kernel(of: x, packed: packed, into: y),
                    second?.kernel(of: x, packed: packed, into: y),
                    x: x,
                    weights: weights,
                    packed: packed,
                    kernels: kernels,
                    threads: pool.threads
                )
                run(tasks, blocks, next: tasks.waitsForWeights ? next : nil)
            }
        }
    }

    private func run(_ tasks: LinearTasks, _ scratch: WorkerScratch, next: Linear?) {
        let next = next.map { UnsafeRawBufferPointer(start: $0.panels.raw, count: $0.panels.byteCount) }
        scratch.blocks.withUnsafeBufferPointer { blocks in
            var tasks = tasks
            tasks.scratch = blocks.baseAddress
            withUnsafePointer(to: tasks) { context in
                pool.run(tasks: context.pointee.rowTiles, context: context) { tasks, tile, _ in
                    tasks.assumingMemoryBound(to: LinearTasks.self).pointee.pack(tile: tile)
                }
                pool.run(tasks: context.pointee.count, context: context, next: next) { tasks, task, worker in
                    tasks.assumingMemoryBound(to: LinearTasks.self).pointee.multiply(task: task, worker: worker)
                }
            }
        }
    }
}

/// Rows times weights, and what becomes of the result.
private struct Product {
    let weights: Linear
    private let activation: ck_activation
    private let combination: ck_combination

    init(_ weights: Linear, activation: Activation, combination: ck_combination) {
        self.weights = weights
        self.activation = activation.kernelActivation
        self.combination = combination
    }

    /// The same for the kernels, which hold nothing.
    func kernel(of x: Matrix, packed: UnsafeRawPointer, into y: Matrix) -> ck_gemm {
        ck_gemm(
            rows: x.rows,
            inputs: x.columns,
            outputs: weights.outputs,
            format: weights.format.kernelFormat,
            packed_rows: packed,
            panels: weights.panels.raw,
            bias: weights.bias.map { UnsafePointer($0.floats) },
            activation: activation,
            combination: combination,
            y: y.base,
            y_stride: y.stride
        )
    }
}

/// One product, or two, cut into tasks, which write disjoint parts.
///
/// Nothing here counts references: threads that take tasks side by side would wait for each other's counting.
private struct LinearTasks {
    private let kernels: ck_kernels
    private let gemm: ck_gemm
    private let second: ck_gemm?
    private let packed: UnsafeMutableRawPointer
    private let x: UnsafePointer<Float>
    private let stride, panels, rowBlocks, panelsPerTask: Int
    /// Tasks of packing, and of multiplying.
    let rowTiles, count: Int
    /// Whether rows are so few that memory is what takes the time.
    var waitsForWeights: Bool { rowBlocks == 1 }
    /// A block of memory for each worker.
    var scratch: UnsafePointer<UnsafeMutableRawPointer>?

    private static let rowBlock = Int(CK_ROW_BLOCK)
    private static let rowTile = Int(CK_ROW_TILE)
    private static let panelGroup = Int(CK_PANEL_GROUP)
    private static let panelRun = Int(CK_PANEL_RUN)
    /// Bytes of one matrix that are worth the start of a task.
    private static let taskBytes = 128 << 10

    init(
        _ gemm: ck_gemm,
        _ second: ck_gemm?,
        x: Matrix,
        weights: Linear,
        packed: UnsafeMutableRawPointer,
        kernels: ck_kernels,
        threads: Int
    ) {
        (self.gemm, self.second, self.kernels, self.packed) = (gemm, second, kernels, packed)
        (self.x, stride) = (UnsafePointer(x.base), x.stride)
        panels = weights.panelCount
        rowTiles = (x.rows + Self.rowTile - 1) / Self.rowTile
        rowBlocks = (x.rows + Self.rowBlock - 1) / Self.rowBlock
        // Enough tasks that no thread waits long for the last one, else as many panels as share the packed rows. One
        // block of rows waits for the weights alone: its tasks are as short as their start allows, and of whole runs of
        // panels that are read side by side.
        let most = rowBlocks == 1 ? Self.taskBytes / weights.panelByteCount : Self.panelGroup
        let wanted = max(1, min(most, panels * rowBlocks / (threads * 8)))
        let run = rowBlocks == 1 ? Self.panelRun : 1
        panelsPerTask = (wanted + run - 1) / run * run
        count = (panels + panelsPerTask - 1) / panelsPerTask * rowBlocks
    }

    /// Packs one tile of rows.
    func pack(tile: Int) {
        let first = tile * Self.rowTile
        let end = min(first + Self.rowTile, gemm.rows)
        kernels.pack_rows(gemm.format, x, stride, gemm.rows, gemm.inputs, first, end, packed)
    }

    /// Multiplies one block of rows with some panels.
    func multiply(task: Int, worker: Int) {
        multiply(gemm, task: task, worker: worker)
        if let second { multiply(second, task: task, worker: worker) }
    }

    private func multiply(_ gemm: ck_gemm, task: Int, worker: Int) {
        guard let memory = scratch?[worker].assumingMemoryBound(to: Float.self) else { return }
        let row = task % rowBlocks * Self.rowBlock
        let panel = task / rowBlocks * panelsPerTask
        let last = min(panel + panelsPerTask, panels)
        withUnsafePointer(to: gemm) {
            kernels.gemm($0, row, min(row + Self.rowBlock, gemm.rows), panel, last, memory)
        }
    }
}
