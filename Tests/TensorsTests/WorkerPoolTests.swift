import Foundation
import Synchronization
import Testing

@testable import Tensors

@Suite struct WorkerPoolTests {
    @Test(arguments: [1, 2, 3, 8])
    func everyTaskRunsOnceInEveryCall(threads: Int) {
        let pool = WorkerPool(threads: threads)
        for tasks in [0, 1, 2, 7, 1000] {
            for _ in 0..<50 {
                let counts = Mutex([Int](repeating: 0, count: tasks))
                pool.run(tasks: tasks) { task, worker in
                    #expect(worker >= 0 && worker < threads)
                    counts.withLock { $0[task] += 1 }
                }
                #expect(counts.withLock { $0.allSatisfy { $0 == 1 } })
            }
        }
    }

    @Test func sleepingThreadsWakeAndLateOnesDoNoHarm() {
        let pool = WorkerPool(threads: 4)
        let total = Atomic<Int>(0)
        for round in 0..<30 {
            if round % 3 == 0 { Thread.sleep(forTimeInterval: 0.002) }
            pool.run(tasks: 5) { task, _ in total.add(task, ordering: .relaxed) }
        }
        #expect(total.load(ordering: .relaxed) == 300)
    }

    @Test func callsFromSeveralThreadsTakeTurns() {
        let pool = WorkerPool(threads: 2)
        let inside = Atomic<Int>(0)
        let overlaps = Atomic<Int>(0)
        let done = Atomic<Int>(0)
        let finished = DispatchGroup()
        for caller in 0..<4 {
            let thread = Thread {
                for _ in 0..<50 {
                    pool.run(tasks: 3) { _, _ in
                        // Each caller adds its own power of 100: another's digits would show an overlap.
                        let own = [1, 100, 10_000, 1_000_000][caller]
                        let before = inside.add(own, ordering: .sequentiallyConsistent).oldValue
                        if before >= own * 100 || before % own != 0 { overlaps.add(1, ordering: .relaxed) }
                        inside.subtract(own, ordering: .sequentiallyConsistent)
                        done.add(1, ordering: .relaxed)
                    }
                }
                finished.leave()
            }
            finished.enter()
            thread.start()
        }
        finished.wait()
        #expect(overlaps.load(ordering: .relaxed) == 0)
        #expect(done.load(ordering: .relaxed) == 600)
    }

    @Test func theDefaultIsAtLeastOneThread() {
        let pool = WorkerPool()
        #expect(pool.threads >= 1 && pool.threads <= ProcessInfo.processInfo.processorCount)
    }

    @Test(
        arguments: [
            ("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("max 100000", nil), ("-1 100000", nil),
            ("", nil), ("1 2 3", nil), ("100000 0", nil), ("nan 1", nil), ("1e300 1", nil),
        ] as [(String, Int?)]
    )
    func quotasRoundUp(line: String, expected: Int?) {
        #expect(ProcessorLimit.processors(cpuMax: line) == expected)
    }
}
