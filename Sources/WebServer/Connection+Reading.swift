import Dispatch
import Foundation
import HTTPCore
import HTTPTypes

/// From the socket to requests.
extension Connection {
    /// Bytes read ahead of the request being answered, before the client has to wait.
    private static let readAhead = 128 * 1024
    /// Bytes taken in one turn, so that one fast sender leaves the loop to others.
    private static let bytesPerTurn = 256 * 1024
    /// An unwanted body up to this size is read and dropped, to keep its connection.
    private static let discardedBody = 64 * 1024

    func openSources() {
        guard let socket else { return }
        let reads = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor, queue: loop.queue)
        readSource = PausableSource(reads, keeping: socket) { @Sendable [weak self] in
            self?.assumeIsolated { $0.readable() }
        }
        readSource?.resume()
    }

    /// The head of the next request, or `nil` when there is none to come.
    func nextHead() async throws(HTTPError) -> RequestHead? {
        while let event = try await nextEvent() {
            if case .head(let head) = event { return head }
        }
        return nil
    }

    /// The whole body, or `nil` if the plan does not want it and leaving it unread costs the connection.
    func receiveBody(of head: RequestHead, _ plan: Responder.Plan) async throws(HTTPError) -> Data? {
        if plan.bodyLimit == nil, !isDiscardable(head) { return nil }
        parser.limitBody(to: plan.bodyLimit ?? Self.discardedBody)
        if head.framing != .none { state.bodyBegan(now: .now) }
        // RFC 9110 §10.1.1: an announced length over the limit is refused instead, and nobody sends it in vain.
        var isAnnounced = head.expectsContinue && head.framing != .none
        var body = Data()
        while true {
            if isAnnounced, parser.bufferedByteCount == 0, isWithinLimit(head, plan) {
                isAnnounced = false
                enqueue(ResponseEncoder.continueResponse)
            }
            switch try await nextEvent() {
            case .body(let bytes): if plan.bodyLimit != nil { body.append(contentsOf: bytes) }
            case .end: return body
            case .head, nil: return nil
            }
        }
    }

    /// Half-closes; what still comes in is read and dropped, so that a reset does not eat the answer.
    func beginDrain() {
        socket?.shutdownOutput()
        readSource?.resume()
    }

    func wakeReader() {
        reader?.resume()
        reader = nil
    }

    // MARK: - Private

    private func isDiscardable(_ head: RequestHead) -> Bool {
        switch head.framing {
        case .none: true
        case .length(let length): length <= Self.discardedBody && !head.expectsContinue
        case .chunked: false
        }
    }

    private func isWithinLimit(_ head: RequestHead, _ plan: Responder.Plan) -> Bool {
        if case .length(let length) = head.framing { length <= plan.bodyLimit ?? 0 } else { true }
    }

    /// The parser's next event, or `nil` at the end of the input or the connection.
    private func nextEvent() async throws(HTTPError) -> RequestEvent? {
        while !isClosed {
            if let event = try parser.next() { return event }
            if let timeout { throw timeout }
            if state.inputEnded {
                guard !parser.isIdle else { return nil }
                throw .badRequest("The connection was closed before the request was complete")
            }
            readSource?.resume()
            await withCheckedContinuation { reader = $0 }
        }
        return nil
    }

    private func readable() {
        guard let socket else { return }
        var taken = 0
        while taken < Self.bytesPerTurn {
            switch loop.receive(from: socket, consume) {
            case .moved(0): return inputEnded()
            case .moved(let count): taken += count
            case .wouldBlock: return afterReading()
            case .failed: return close()
            }
            if isClosed { return }
        }
        afterReading()
    }

    private func consume(_ bytes: UnsafeRawBufferPointer) {
        if state.received(bytes.count, now: .now) == .close { return close() }
        if state.isDraining { return }
        parser.feed(bytes)
    }

    private func afterReading() {
        if reader == nil, !state.isDraining, parser.bufferedByteCount > Self.readAhead { readSource?.pause() }
        wakeReader()
    }

    private func inputEnded() {
        // The end stays readable for ever.
        readSource?.pause()
        if state.inputClosed(now: .now) == .close { return close() }
        wakeReader()
    }
}
