internal import CKernels
internal import Foundation
internal import Synchronization

/// A fixed number of threads that share the tasks of one call at a time.
///
/// Threads spin for some microseconds after a call, since layers follow each other closely, then sleep. Before they
/// spin they ask memory for what comes next, if that is known.
public final class WorkerPool: Sendable {
    /// Threads that work on a call, the caller included.
    public let threads: Int

    private let shared: SharedState
    private let turn = Mutex<Void>(())

    /// Starts the threads. The default count is what affinity and the container's limit leave.
    public init(threads: Int? = nil) {
        self.threads = max(1, threads ?? ProcessorLimit.current())
        // With more threads than processors, whoever spins keeps the one waited for from running.
        shared = SharedState(threads: self.threads, spins: self.threads > ProcessorLimit.current() ? 0 : 2000)
        for worker in 1..<max(self.threads, 1) {
            let thread = Thread { [shared] in shared.work(as: worker) }
            thread.name = "fovea-worker-\(worker)"
            thread.start()
        }
    }

    deinit { shared.stop() }

    /// Calls `body` for every task in 0..<tasks and returns when all are done. Each thread begins with a part of its own,
    /// in order, and one that is through takes over the last tasks of others; `worker` in 0..<threads names the thread,
    /// for scratch. Calls from several threads take turns; a call from within `body` deadlocks.
    public func run(tasks: Int, _ body: @Sendable (_ task: Int, _ worker: Int) -> Void) {
        guard tasks > 0 else { return }
        if isShared(tasks) {
            // Allocates: what runs many times a token takes the other form.
            withoutActuallyEscaping(body) { body in
                withUnsafePointer(to: body) { body in
                    run(tasks: tasks, context: body) { body, task, worker in
                        body.assumingMemoryBound(to: TaskBody.self).pointee(task, worker)
                    }
                }
            }
        } else {
            turn.withLock { _ in
                for task in 0..<tasks { body(task, 0) }
            }
        }
    }

    /// The same for a body that captures nothing and finds all that it needs at `context`, which tasks share. Allocates
    /// nothing.
    ///
    /// `next` is what a later call reads: threads that have nothing to do ask memory for it, each for its part.
    func run(tasks: Int, context: UnsafeRawPointer, next: UnsafeRawBufferPointer? = nil, _ body: PoolTask) {
        turn.withLock { _ in
            if isShared(tasks) {
                shared.run(PoolJob(tasks: tasks, context: context, next: next, body: body))
            } else {
                for task in 0..<max(tasks, 0) { body(context, task, 0) }
            }
        }
    }

    private func isShared(_ tasks: Int) -> Bool { threads > 1 && tasks > 1 }
}

private typealias TaskBody = @Sendable (Int, Int) -> Void

/// A task: what it works on, its number and the thread that runs it.
typealias PoolTask = @convention(c) (_ context: UnsafeRawPointer, _ task: Int, _ worker: Int) -> Void

/// What a call has to do.
private struct PoolJob {
    let tasks: Int
    let context: UnsafeRawPointer
    let next: UnsafeRawBufferPointer?
    let body: PoolTask
}

/// What the threads share.
///
/// Unchecked because of `job`: it is written only while the door is shut and nobody is inside, and read only by
/// threads that have entered.
private final class SharedState: @unchecked Sendable {
    /// Number of the call << 16 | open << 15 | threads inside.
    private let door = Atomic<UInt64>(0)
    private let shares: TaskShares
    private let sleepers = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let wake = NSCondition()
    private var job: PoolJob?

    private static let open: UInt64 = 1 << 15
    private static let insideMask: UInt64 = open - 1
    /// Looks at the door before a thread gives up its processor.
    private let spins: Int

    init(threads: Int, spins: Int) {
        shares = TaskShares(threads: threads)
        self.spins = spins
    }

    func run(_ job: PoolJob) {
        self.job = job
        shares.divide(job.tasks)
        let call = (door.load(ordering: .relaxed) >> 16) + 1
        door.store(call << 16 | Self.open, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
            wake.lock()
            wake.broadcast()
            wake.unlock()
        }
        takeTasks(worker: 0)
        // Late threads find the door shut; those inside are finishing their last task.
        door.bitwiseAnd(~Self.open, ordering: .acquiringAndReleasing)
        var (ahead, spun) = (ahead(job, thread: 0), 0)
        while door.load(ordering: .acquiring) & Self.insideMask != 0 {
            if !ahead.step() { pause(&spun) }
        }
        self.job = nil
    }

    func work(as worker: Int) {
        var lastCall: UInt64 = 0
        var ahead = ReadAhead(nil, thread: worker, of: shares.threads)
        while let call = enter(after: lastCall, reading: &ahead) {
            lastCall = call
            takeTasks(worker: worker)
            if let job, job.next != nil { ahead = self.ahead(job, thread: worker) }
            door.subtract(1, ordering: .releasing)
        }
    }

    func stop() {
        stopped.store(true, ordering: .sequentiallyConsistent)
        wake.lock()
        wake.broadcast()
        wake.unlock()
    }

    // MARK: - Private

    /// Nothing where a thread that does not sleep would keep others from their processor.
    private func ahead(_ job: PoolJob, thread: Int) -> ReadAhead {
        ReadAhead(spins > 0 ? job.next : nil, thread: thread, of: shares.threads)
    }

    private func takeTasks(worker: Int) {
        guard let job else { return }
        while let task = shares.next(worker) { job.body(job.context, task, worker) }
    }

    /// Waits for a call later than `lastCall`, reading ahead, and goes in; nil when the pool is gone.
    private func enter(after lastCall: UInt64, reading ahead: inout ReadAhead) -> UInt64? {
        var spun = 0
        while !stopped.load(ordering: .relaxed) {
            let seen = door.load(ordering: .acquiring)
            if isOpen(seen, after: lastCall) {
                let (entered, _) = door.weakCompareExchange(
                    expected: seen,
                    desired: seen + 1,
                    ordering: .acquiringAndReleasing
                )
                if entered { return seen >> 16 }
            } else if ahead.step() {
                continue
            } else if spun < spins {
                spun += 1
                ck_pause()
            } else {
                sleep(after: lastCall)
                spun = 0
            }
        }
        return nil
    }

    private func isOpen(_ door: UInt64, after lastCall: UInt64) -> Bool {
        door & Self.open != 0 && door >> 16 > lastCall
    }

    private func sleep(after lastCall: UInt64) {
        wake.lock()
        sleepers.add(1, ordering: .sequentiallyConsistent)
        // A call that opened the door before it saw this sleeper is seen here instead.
        while !isOpen(door.load(ordering: .sequentiallyConsistent), after: lastCall),
            !stopped.load(ordering: .sequentiallyConsistent)
        {
            wake.wait()
        }
        sleepers.subtract(1, ordering: .sequentiallyConsistent)
        wake.unlock()
    }

    /// Spins briefly, then lets other threads run: the one waited for may have lost its processor.
    private func pause(_ spun: inout Int) {
        spun += 1
        if spun < spins { ck_pause() } else { sched_yield() }
    }
}
