/// Bytes on their way to the socket.
struct Outbox {
    private var bytes: [UInt8] = []
    private var sent = 0

    var isEmpty: Bool { sent == bytes.count }

    mutating func append(_ new: [UInt8]) {
        if isEmpty {
            bytes = new
            sent = 0
        } else {
            bytes += new
        }
    }

    /// Sends until everything is gone or the socket refuses.
    ///
    /// - Returns: `.moved` with the bytes sent in all once empty, else why it stopped.
    mutating func flush(to socket: Socket) -> (moved: Int, end: Socket.Transfer) {
        let before = sent
        while !isEmpty {
            let result = bytes.withUnsafeBytes { socket.send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
            guard case .moved(let count) = result else { return (sent - before, result) }
            sent += count
        }
        return (sent - before, .moved(0))
    }
}
