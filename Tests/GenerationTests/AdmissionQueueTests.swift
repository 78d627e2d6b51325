import Probing
import Testing

@testable import Generation

@Suite struct AdmissionQueueTests {
    private let sweep = RequestGroup()
    private let chat = RequestGroup()

    @Test func aChatBehindALongSweepStartsNext() {
        var queue = AdmissionQueue<Int>(budget: 100)
        for variant in 0..<512 { queue.add(variant, bytes: 10, to: sweep) }
        var started: [Int] = []
        while let (item, _) = queue.next() { started.append(item) }
        #expect(started == Array(0..<7), "a sweep leaves a quarter of the memory to others")
        queue.add(1000, bytes: 25, to: chat)
        #expect(queue.next()?.item == 1000)
        #expect(queue.next() == nil)
        #expect(queue.running == 8 && queue.bytes == 95 && queue.waiting == 505)
    }

    @Test func groupsTakeTurnsAndEachKeepsItsOrder() {
        var queue = AdmissionQueue<String>(budget: 1000)
        for name in ["a1", "a2", "a3"] { queue.add(name, bytes: 1, to: sweep) }
        for name in ["b1", "b2"] { queue.add(name, bytes: 1, to: chat) }
        var started: [String] = []
        while let (item, _) = queue.next() { started.append(item) }
        #expect(started == ["a1", "b1", "a2", "b2", "a3"])
    }

    @Test func whatHasItsTurnIsNotOvertakenForLackOfMemory() {
        var queue = AdmissionQueue<Int>(budget: 100)
        queue.add(1, bytes: 60, to: sweep)
        #expect(queue.next()?.item == 1)
        queue.add(2, bytes: 60, to: chat)
        queue.add(3, bytes: 10, to: RequestGroup())
        #expect(queue.next() == nil, "the second waits for the first, the third for the second")
        queue.ended(bytes: 60, of: sweep)
        #expect(queue.next()?.item == 2)
        #expect(queue.next()?.item == 3)
    }

    @Test func whatNeverFitsRunsAlone() {
        var queue = AdmissionQueue<Int>(budget: 100)
        queue.add(1, bytes: 500, to: sweep)
        #expect(queue.next()?.item == 1)
        queue.add(2, bytes: 1, to: chat)
        #expect(queue.next() == nil)
    }

    @Test func whatIsCalledOffLeavesNothingBehind() {
        var queue = AdmissionQueue<Int>(budget: 100)
        for item in 0..<6 { queue.add(item, bytes: 20, to: item % 2 == 0 ? sweep : chat) }
        #expect(queue.next() != nil)
        #expect(queue.removeWaiting { $0 > 1 }.sorted() == [2, 3, 4, 5])
        #expect(queue.next()?.item == 1)
        queue.ended(bytes: 20, of: sweep)
        queue.ended(bytes: 20, of: chat)
        #expect(queue.running == 0 && queue.bytes == 0 && queue.waiting == 0)
    }

    @Test func everySequenceStartsOnceWithinTheBudget() {
        var generator = SplitMix64(seed: 21)
        var queue = AdmissionQueue<Int>(budget: 300)
        let groups = (0..<5).map { _ in RequestGroup() }
        var running: [(bytes: Int, group: RequestGroup)] = []
        var started = Set<Int>()
        var owner: [Int: RequestGroup] = [:]
        var added = 0
        while added < 400 || queue.waiting > 0 || !running.isEmpty {
            if added < 400 {
                let group = groups[Int.random(in: 0..<5, using: &generator)]
                owner[added] = group
                queue.add(added, bytes: Int.random(in: 1...200, using: &generator), to: group)
                added += 1
            }
            while let (item, bytes) = queue.next() {
                #expect(started.insert(item).inserted)
                running.append((bytes, owner[item] ?? groups[0]))
            }
            #expect(!running.isEmpty, "something always runs")
            #expect(queue.bytes == running.reduce(0) { $0 + $1.bytes } && queue.bytes <= 300)
            let ended = running.remove(at: Int.random(in: running.indices, using: &generator))
            queue.ended(bytes: ended.bytes, of: ended.group)
        }
        #expect(started.count == 400)
    }
}
