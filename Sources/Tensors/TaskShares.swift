internal import Synchronization

/// The tasks of one call, divided among its threads.
///
/// A thread takes its own tasks in order, so that it reads memory in order and what was asked for ahead is its own; then
/// the last ones of whoever has some left.
///
/// Unchecked because of the pointer: what it points to is atomic and lives as long as this.
final class TaskShares: @unchecked Sendable {
    let threads: Int
    /// First task << 32 | end of each thread's share, each in a cache line of its own.
    private let shares: UnsafeMutablePointer<Atomic<UInt64>>

    private static let stride = 8

    init(threads: Int) {
        self.threads = threads
        shares = .allocate(capacity: threads * Self.stride)
        for index in 0..<threads * Self.stride { (shares + index).initialize(to: Atomic(0)) }
    }

    deinit {
        shares.deinitialize(count: threads * Self.stride)
        shares.deallocate()
    }

    /// Hands out tasks 0..<tasks anew. Nobody may be taking any.
    func divide(_ tasks: Int) {
        for thread in 0..<threads {
            let (first, end) = (tasks * thread / threads, tasks * (thread + 1) / threads)
            share(thread).pointee.store(UInt64(first) << 32 | UInt64(end), ordering: .relaxed)
        }
    }

    /// The next task of a thread; `nil` when all have been handed out.
    func next(_ thread: Int) -> Int? {
        for step in 0..<threads {
            let owner = (thread + step) % threads
            if let task = take(from: owner, first: step == 0) { return task }
        }
        return nil
    }

    // MARK: - Private

    private func share(_ thread: Int) -> UnsafeMutablePointer<Atomic<UInt64>> { shares + thread * Self.stride }

    private func take(from owner: Int, first takesFirst: Bool) -> Int? {
        let share = share(owner)
        var seen = share.pointee.load(ordering: .relaxed)
        while true {
            let (first, end) = (seen >> 32, seen & UInt64(UInt32.max))
            guard first < end else { return nil }
            let rest = takesFirst ? (first + 1) << 32 | end : first << 32 | (end - 1)
            let (taken, now) = share.pointee.weakCompareExchange(expected: seen, desired: rest, ordering: .relaxed)
            if taken { return Int(takesFirst ? first : end - 1) }
            seen = now
        }
    }
}
