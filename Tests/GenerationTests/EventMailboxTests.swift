import Foundation
import Testing

@testable import Generation

@Suite struct EventMailboxTests {
    @Test func eventsOfAnotherThreadAreReadOnceAndInOrder() async {
        let mailbox = EventMailbox(wantsProgress: true, waker: TaskWaker())
        let count = 5000
        Thread.detachNewThread {
            for id in 0..<count {
                mailbox.post(token(id))
                // Now and then the reader catches up and waits.
                if id % 50 == 0 { Thread.sleep(forTimeInterval: 1e-4) }
            }
            mailbox.close()
        }
        #expect(await ids(mailbox) == Array(0..<count))
    }

    @Test func readersOfManyRunsAreWokenEach() async {
        let waker = TaskWaker()
        let mailboxes = (0..<40).map { _ in EventMailbox(wantsProgress: true, waker: waker) }
        Thread.detachNewThread {
            for id in 0..<50 {
                for mailbox in mailboxes { mailbox.post(token(id)) }
                Thread.sleep(forTimeInterval: 1e-4)
            }
            for mailbox in mailboxes { mailbox.close() }
        }
        await withTaskGroup(of: [Int].self) { group in
            for mailbox in mailboxes { group.addTask { await ids(mailbox) } }
            for await read in group { #expect(read == Array(0..<50)) }
        }
    }

    @Test func nothingComesAfterTheEnd() async {
        let mailbox = EventMailbox(wantsProgress: true, waker: TaskWaker())
        mailbox.post(token(1))
        mailbox.close()
        mailbox.post(token(2))
        #expect(await ids(mailbox) == [1])
        await mailbox.wait()
        #expect(await ids(mailbox) == [])
    }

    /// What arrives until the mailbox is closed.
    private func ids(_ mailbox: EventMailbox) async -> [Int] {
        var (ids, events): ([Int], [GenerationEvent]) = ([], [])
        while mailbox.take(&events) {
            for case .token(let token, _, _) in events { ids.append(token.id) }
            if events.isEmpty { await mailbox.wait() }
        }
        return ids
    }
}

private func token(_ id: Int) -> GenerationEvent {
    .token(GeneratedToken(id: id, text: "", logProbability: 0, alternatives: []), text: "", attention: nil)
}
