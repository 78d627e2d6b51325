import Testing

@testable import Tensors

@Suite struct ReadAheadTests {
    @Test(arguments: [0, 1, 63, 64, 4096, 10_000, 5 << 20], [1, 2, 3, 7])
    func threadsAskForTheirOwnPartsUpToTheLimit(byteCount: Int, threads: Int) throws {
        // Never read: any address does.
        let base = try #require(UnsafeRawPointer(bitPattern: 1 << 20))
        let bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
        for thread in 0..<threads {
            var ahead = ReadAhead(bytes, thread: thread, of: threads)
            let part = byteCount * thread / threads..<byteCount * (thread + 1) / threads
            var asked: [Int] = []
            while true {
                let address = ahead.next
                guard ahead.step() else { break }
                asked.append(try #require(address) - base)
            }
            let end = min(part.upperBound, part.lowerBound + ReadAhead.limit)
            #expect(asked == Array(stride(from: part.lowerBound, to: end, by: ReadAhead.line)))
        }
    }

    @Test func nothingIsAskedForWhereNothingIsKnown() {
        var nothing = ReadAhead(nil, thread: 1, of: 2)
        let isAsked = nothing.step()
        var empty = ReadAhead(UnsafeRawBufferPointer(start: nil, count: 0), thread: 0, of: 1)
        let isEmptyAsked = empty.step()
        #expect(!isAsked && !isEmptyAsked)
    }
}
