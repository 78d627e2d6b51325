import Probing
import Testing

@testable import Generation

@Suite struct BatchSchedulerTests {
    private typealias Work = BatchScheduler.Work

    @Test func decodingSequencesAlwaysGetTheirRow() {
        let work = [prompt(600), decoding, prompt(5), decoding]
        #expect(BatchScheduler.rows(for: work) == [BatchScheduler.rowBudget - 2, 1, 0, 1])
    }

    @Test func promptsShareTheRestInOrderOfArrival() {
        #expect(BatchScheduler.rows(for: [prompt(100), prompt(500), prompt(9)]) == [100, 412, 0])
        #expect(BatchScheduler.rows(for: [prompt(3), prompt(4)]) == [3, 4])
        #expect(BatchScheduler.rows(for: []) == [])
    }

    @Test func moreDecodingSequencesThanTheBudgetAllRunAndPromptsKeepTheirShare() {
        let work = Array(repeating: decoding, count: BatchScheduler.rowBudget + 9) + [prompt(4), prompt(900)]
        let rows = BatchScheduler.rows(for: work)
        #expect(rows.dropLast(2).allSatisfy { $0 == 1 })
        #expect(Array(rows.suffix(2)) == [4, BatchScheduler.promptShare - 4])
    }

    @Test func everyStepMovesSomethingAndKeepsTheBudget() {
        var generator = SplitMix64(seed: 9)
        for _ in 0..<500 {
            let work = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
                Bool.random(using: &generator) ? decoding : prompt(Int.random(in: 1...700, using: &generator))
            }
            let rows = BatchScheduler.rows(for: work)
            #expect(rows.count == work.count)
            #expect(rows.contains { $0 > 0 })
            #expect(rows.reduce(0, +) <= BatchScheduler.rowBudget)
            #expect(zip(rows, work).allSatisfy { $0 <= $1.pending && (!$1.isDecoding || $0 == 1) })
        }
    }

    private var decoding: Work { Work(pending: 1, isDecoding: true) }

    private func prompt(_ rows: Int) -> Work { Work(pending: rows, isDecoding: false) }
}
