import Foundation
import JSON
import Testing

/// One request on a connection of its own, on a queue, so that tests never block the pool their handlers run on.
struct HTTPClient: Sendable {
    /// An answer as received.
    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let body: Data

        /// The body as JSON.
        var json: JSONValue {
            get throws { try JSONValue(parsing: body) }
        }

        /// The payloads of a stream of events.
        var events: [String] {
            String(decoding: body, as: UTF8.self).split(separator: "\n\n").map { String($0.dropFirst("data: ".count)) }
        }
    }

    struct Failure: Error { let reason: String }

    let port: UInt16

    func send(
        _ method: String,
        _ path: String,
        _ body: Data = Data(),
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if method == "POST" { head += "Content-Length: \(body.count)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        let request = Data((head + "\r\n").utf8) + body
        return try await onQueue { try Self.parse(try exchange(request, limit: .max), isHead: method == "HEAD") }
    }

    /// Sends a request, reads at least some bytes of the answer and goes away.
    func abandon(_ path: String, _ body: Data) async throws {
        let head = "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n"
        let request = Data(head.utf8) + body
        _ = try await onQueue { try exchange(request, limit: 1) }
    }

    // MARK: - Private

    private func exchange(_ request: Data, limit: Int) throws -> Data {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { _ = Foundation.close(descriptor) }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure(reason: "connect: \(errno)") }
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes { bytes in
                Foundation.send(
                    descriptor,
                    bytes.baseAddress?.advanced(by: sent),
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            // A refusal may come before the whole request is out; reading will show it.
            guard count > 0 else { break }
            sent += count
        }
        var received = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while received.count < limit {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(reason: "no end after \(received.count) bytes") }
            guard count > 0 else { break }
            received.append(contentsOf: buffer[..<count])
        }
        return received
    }

    private static func parse(_ bytes: Data, isHead: Bool) throws -> Answer {
        guard let end = bytes.range(of: Data("\r\n\r\n".utf8)) else { throw Failure(reason: "no head") }
        var lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let status = lines.removeFirst().split(separator: " ")[1]
        var headers: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        var body = Data(bytes[end.upperBound...])
        if headers["transfer-encoding"] == "chunked", !isHead { body = try unchunked(body) }
        return Answer(status: try #require(Int(status)), headers: headers, body: body)
    }

    private static func unchunked(_ bytes: Data) throws -> Data {
        var rest = bytes
        var body = Data()
        while let line = rest.range(of: Data("\r\n".utf8)) {
            let size = try #require(Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16))
            guard size > 0 else { return body }
            body += rest[line.upperBound...].prefix(size)
            rest = rest[(line.upperBound + size + 2)...]
        }
        throw Failure(reason: "the last chunk is missing")
    }

    private func onQueue<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "test.client").async { continuation.resume(with: Result(catching: work)) }
        }
    }
}
