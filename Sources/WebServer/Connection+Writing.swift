import Dispatch
import Foundation
import HTTPCore
import HTTPTypes

/// From responses to the socket.
extension Connection {
    /// Bytes of a large body framed at a time.
    private static let slice = 256 * 1024

    /// Sends a response to the request of the current exchange.
    func send(_ response: ServerResponse) async throws {
        exchange?.pending = response
        switch response.body {
        case .bytes(let data):
            try await write(data.prefix(Self.slice), length: data.count)
            for start in stride(from: Self.slice, to: data.count, by: Self.slice) {
                try await flush(exchange?.encoder.body(data.dropFirst(start).prefix(Self.slice)) ?? [])
            }
        case .stream(let length, let produce):
            try await stream(length: length, produce)
        }
        try await flush(exchange?.encoder.end() ?? [])
    }

    /// Tells a client that has closed its side, and may be gone altogether, that its answer is still being made.
    ///
    /// A peer that only half-closed ignores an interim response (RFC 9110 §15.2); one that is gone answers the packet
    /// with a reset, which the next tick finds.
    func probe() {
        guard exchange?.head?.version == .http11, outbox.isEmpty else { return }
        enqueue(ResponseEncoder.continueResponse)
    }

    /// Puts bytes on their way without waiting.
    func enqueue(_ bytes: [UInt8]) {
        guard !isClosed else { return }
        outbox.append(bytes)
        flush()
    }

    func wakeWriters() {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }

    // MARK: - Private

    private func stream(
        length: Int?,
        _ produce: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) async throws {
        let number = exchangeNumber
        if exchange?.head?.method != .head {
            try await produce(
                ResponseWriter { [weak self] bytes in
                    guard let self else { throw ConnectionGone() }
                    try await self.write(bytes, length: length, exchange: number)
                }
            )
        }
        // An empty body still has a head.
        if exchange?.status == nil { try await write([UInt8](), length: length) }
    }

    /// Sends a piece of the body, behind the head if it is the first.
    private func write(_ bytes: some Collection<UInt8>, length: Int?) async throws {
        let head = startResponse(length: length)
        try await flush(head + (exchange?.encoder.body(bytes) ?? []))
    }

    /// The same for a writer, which its producer may have kept beyond its exchange.
    private func write(_ bytes: [UInt8], length: Int?, exchange number: Int) async throws {
        guard number == exchangeNumber, exchange != nil else { throw ConnectionGone() }
        try await write(bytes, length: length)
    }

    /// The head of the pending response, the first time it is asked for.
    private func startResponse(length: Int?) -> [UInt8] {
        guard var current = exchange, let response = current.pending else { return [] }
        current.pending = nil
        current.status = response.status
        if state.isShuttingDown { current.encoder.refuseKeepAlive() }
        var headers = response.headers
        for field in context.responder.commonFields(for: current.head?.headers ?? [:])
        where !headers.contains(field.name) {
            headers.append(field)
        }
        if let name = RequestIdentifier.fieldName { headers[name] = current.requestID }
        headers[.date] = HTTPDate.string(.now)
        let bytes = current.encoder.head(status: response.status, headers: headers, length: length)
        exchange = current
        state.responseBegan()
        return bytes
    }

    /// Sends bytes and waits until the system has taken them all.
    private func flush(_ bytes: [UInt8]) async throws {
        guard !isClosed else { throw ConnectionGone() }
        outbox.append(bytes)
        flush()
        while !outbox.isEmpty, !isClosed {
            await withCheckedContinuation { writers.append($0) }
        }
        guard !isClosed else { throw ConnectionGone() }
    }

    private func flush() {
        guard let socket else { return }
        let (moved, end) = outbox.flush(to: socket)
        if moved > 0 { state.writeProgressed() }
        switch end {
        case .moved:
            writeSource?.pause()
            wakeWriters()
        case .wouldBlock:
            state.writeBlocked(now: .now)
            watchForRoom(on: socket)
        case .failed:
            close()
        }
    }

    private func watchForRoom(on socket: Socket) {
        if writeSource == nil {
            let writes = DispatchSource.makeWriteSource(fileDescriptor: socket.descriptor, queue: loop.queue)
            writeSource = PausableSource(writes, keeping: socket) { @Sendable [weak self] in
                self?.assumeIsolated { $0.flush() }
            }
        }
        writeSource?.resume()
    }
}
