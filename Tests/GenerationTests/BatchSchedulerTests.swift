import Probing
import Testing

@testable import Generation

@Suite struct BatchSchedulerTests {
    private typealias Work = BatchScheduler.Work
    private let sweep = RequestGroup()
    private let chat = RequestGroup()

    @Test func aGroupAloneTakesEverythingThatIsReady() {
        #expect(shared(for: [prompt(100), prompt(500), prompt(9)]) == [100, 412, 0])
        #expect(shared(for: [prompt(3), prompt(4)]) == [3, 4])
        #expect(shared(for: [prompt(600), decoding(), prompt(5), decoding()]) == [510, 1, 0, 1])
        #expect(shared(for: []) == [])
    }

    @Test func promptsThatArriveTogetherShareTheRowsFairly() {
        let work = [prompt(900), prompt(40, chat)]
        #expect(shared(for: work) == [BatchScheduler.rowBudget - 40, 40])
    }

    @Test func aPromptBesideAStreamComesInPieces() {
        let rows = shared(for: [decoding(), prompt(900, chat)])
        #expect(rows == [1, BatchScheduler.sharedBudget + 1])
    }

    @Test func aSweepDoesNotDelayAChat() {
        var work = (0..<512).map { _ in decoding() } + [prompt(60, chat)]
        let rows = shared(for: work)
        #expect(rows.last == BatchScheduler.sharedBudget / 2 + 1, "half of the shared rows until its prompt is through")
        work[512] = decoding(chat)
        #expect(shared(for: work).last == 1)
        #expect(shared(for: work).reduce(0, +) == BatchScheduler.sharedBudget + 2)
    }

    @Test func variantsThatWaitedGoFirst() {
        var work = (0..<200).map { _ in decoding() } + [decoding(chat)]
        var served = [Int](repeating: 0, count: work.count)
        let steps = 20
        for _ in 0..<steps {
            for (index, rows) in shared(for: work).enumerated() {
                served[index] += rows
                work[index].waited = rows > 0 ? 0 : work[index].waited + 1
            }
        }
        #expect(served[200] == steps, "the chat runs in every step")
        let sweep = served.dropLast()
        #expect((sweep.max() ?? 0) - (sweep.min() ?? 0) <= 2, "variants take turns")
    }

    @Test func promptsKeepTheirShareBesideManyDecodingOnes() {
        let rows = shared(for: Array(repeating: decoding(), count: 521) + [prompt(4), prompt(900)])
        #expect(rows.reduce(0, +) == BatchScheduler.rowBudget)
        #expect(Array(rows.suffix(2)) == [4, BatchScheduler.rowBudget / 2 - 4])
    }

    @Test func sharesAreMaxMinFair() {
        #expect(BatchScheduler.shares(of: 10, demands: [1, 100, 2]) == [1, 7, 2])
        #expect(BatchScheduler.shares(of: 9, demands: [9, 9, 9]) == [3, 3, 3])
        #expect(BatchScheduler.shares(of: 5, demands: [1, 1]) == [1, 1])
        #expect(BatchScheduler.shares(of: 4, demands: []) == [])
    }

    @Test func everyStepServesEveryGroupAndKeepsTheBudget() {
        var generator = SplitMix64(seed: 9)
        let groups = (0..<7).map { _ in RequestGroup() }
        for _ in 0..<500 {
            let work = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                let group = groups[Int.random(in: 0..<7, using: &generator)]
                return Bool.random(using: &generator)
                    ? decoding(group) : prompt(Int.random(in: 1...700, using: &generator), group)
            }
            let rows = shared(for: work)
            #expect(rows.count == work.count)
            #expect(rows.reduce(0, +) <= BatchScheduler.rowBudget)
            #expect(zip(rows, work).allSatisfy { $0 >= 0 && $0 <= $1.pending })
            for group in Set(work.map(\.group)) {
                #expect(zip(rows, work).contains { $0 > 0 && $1.group == group }, "no group stands still")
            }
        }
    }

    private func shared(for work: [Work]) -> [Int] {
        var rows = [7]
        BatchScheduler.share(&rows, for: work)
        return rows
    }

    private func decoding(_ group: RequestGroup? = nil) -> Work {
        Work(group: group ?? sweep, pending: 1, isDecoding: true)
    }

    private func prompt(_ rows: Int, _ group: RequestGroup? = nil) -> Work {
        Work(group: group ?? sweep, pending: rows, isDecoding: false)
    }
}
