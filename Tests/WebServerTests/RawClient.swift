import Foundation

/// A blocking client on its own queue, so that tests never block the pool their handlers run on.
final class RawClient: Sendable {
    /// A response as received.
    struct Response {
        var status = 0
        var headers: [String: String] = [:]
        var body = Data()
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Failure: Error { let reason: String }

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "test.client")

    init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer {
            _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard status == 0 else { throw Failure(reason: "connect: \(String(cString: strerror(errno)))") }
    }

    deinit { _ = Foundation.close(descriptor) }

    func send(_ text: String) async { await send(Array(text.utf8)) }

    /// Sends all bytes; an error means the server has closed, which reading will show.
    func send(_ bytes: [UInt8]) async {
        await onQueue { [descriptor] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes {
                    Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard sent > 0 else { return }
                rest = rest.dropFirst(sent)
            }
        }
    }

    func halfClose() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection with a reset, as a crashed client's system does.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        _ = shutdown(descriptor, Int32(SHUT_RD))
        _ = dup2(open("/dev/null", O_RDONLY), descriptor)
    }

    /// Some bytes; empty at the end of the stream, `nil` if the connection broke or patience ran out.
    func receive(_ limit: Int = 64 * 1024) async -> Data? {
        await onQueue { [descriptor] in
            var buffer = [UInt8](repeating: 0, count: limit)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return count < 0 ? nil : Data(buffer[..<count])
        }
    }

    /// Everything until the server closes.
    func receiveAll() async throws -> String {
        var all = Data()
        while true {
            guard let some = await receive() else { throw Failure(reason: "no end after \(all.count) bytes") }
            if some.isEmpty { return String(decoding: all, as: UTF8.self) }
            all += some
        }
    }

    // MARK: - Responses

    private nonisolated(unsafe) var buffered = Data()

    /// The next response, read by its own framing; interim ones are passed over.
    func response(to method: String = "GET") async throws -> Response {
        while true {
            let response = try await anyResponse(to: method)
            if response.status >= 200 { return response }
        }
    }

    /// The next response, interim ones included.
    func anyResponse(to method: String = "GET") async throws -> Response {
        let head = try await take(through: "\r\n\r\n")
        var lines = head.split(separator: "\r\n")
        var response = Response()
        response.status = Int(lines.removeFirst().split(separator: " ")[1]) ?? 0
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            response.headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        if method == "HEAD" || response.status < 200 || [204, 304].contains(response.status) { return response }
        if response.headers["transfer-encoding"] == "chunked" {
            while true {
                let line = try await take(through: "\r\n").trimmingCharacters(in: .whitespacesAndNewlines)
                let size = Int(line, radix: 16) ?? 0
                response.body += try await take(size)
                _ = try await take(2)
                if size == 0 { return response }
            }
        } else if let length = response.headers["content-length"].flatMap({ Int($0) }) {
            response.body = try await take(length)
        } else {
            response.body = buffered + Data(try await receiveAll().utf8)
        }
        return response
    }

    private func take(through end: String) async throws -> String {
        while true {
            if let found = buffered.range(of: Data(end.utf8)) {
                let taken = buffered[..<found.upperBound]
                buffered = Data(buffered[found.upperBound...])
                return String(decoding: taken, as: UTF8.self)
            }
            try await fill()
        }
    }

    private func take(_ count: Int) async throws -> Data {
        while buffered.count < count { try await fill() }
        let taken = Data(buffered.prefix(count))
        buffered = Data(buffered.dropFirst(count))
        return taken
    }

    private func fill() async throws {
        guard let some = await receive(), !some.isEmpty else {
            throw Failure(reason: "the stream ended after \(String(decoding: buffered.prefix(200), as: UTF8.self))")
        }
        buffered += some
    }

    private func onQueue<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { @Sendable in continuation.resume(returning: work()) }
        }
    }
}
