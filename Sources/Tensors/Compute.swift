internal import CKernels
internal import Synchronization

/// The operations of the models over `Matrix`, spread over a worker pool.
///
/// Every operation is batch invariant, bit for bit: a row of the result depends on its own row of the input and on
/// the weights, never on the other rows, on the number of threads or on how the work is cut.
/// An operation blocks the caller; operations from several threads take turns.
public final class Compute: Sendable {
    /// The threads.
    public let pool: WorkerPool
    /// The instructions in use.
    public let instructionSet: InstructionSet

    let kernels: ck_kernels
    let scratch: Mutex<ComputeScratch>
    let rotaryTables = Mutex(RotaryTable())

    /// Starts the threads: as many as the process may use, with its fastest instructions, unless told otherwise. The
    /// instruction set must be available.
    public init(threads: Int? = nil, instructionSet: InstructionSet? = nil) {
        let pool = WorkerPool(threads: threads)
        self.pool = pool
        self.instructionSet = instructionSet ?? .best
        kernels = self.instructionSet.kernels
        scratch = Mutex(ComputeScratch(workers: pool.threads))
    }

    /// Runs `body` over 0..<count in ranges of at least `grain`, in parallel.
    func forRanges(of count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> Void) {
        let size = max(grain, (count + pool.threads * 4 - 1) / (pool.threads * 4))
        pool.run(tasks: (count + size - 1) / size) { task, _ in body(task * size..<min((task + 1) * size, count)) }
    }
}

/// Memory reused from call to call. Holding it is the right to run an operation that needs any.
struct ComputeScratch {
    var packedRows = ScratchBuffer()
    var patterns = ScratchBuffer()
    var attention = AttentionPlan()
    private var workers: [ScratchBuffer]
    private var blocks: WorkerScratch

    init(workers: Int) {
        self.workers = Array(repeating: ScratchBuffer(), count: workers)
        blocks = WorkerScratch(blocks: [], byteCount: 0)
    }

    /// One block of at least `byteCount` bytes for every worker.
    mutating func perWorker(byteCount: Int) -> WorkerScratch {
        if blocks.byteCount < byteCount || blocks.blocks.isEmpty {
            blocks = WorkerScratch(blocks: workers.indices.map { workers[$0].bytes(byteCount) }, byteCount: byteCount)
        }
        return blocks
    }
}

/// Unchecked because of the pointers: worker i alone uses block i during a call.
struct WorkerScratch: @unchecked Sendable {
    let blocks: [UnsafeMutableRawPointer]
    let byteCount: Int

    func floats(_ worker: Int) -> UnsafeMutablePointer<Float> { blocks[worker].assumingMemoryBound(to: Float.self) }
}
