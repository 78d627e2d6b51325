public import HTTPTypes

/// Turns one response into bytes (RFC 9112 §4, §6, §7), for the request it answers.
///
/// Bodies of known length carry Content-Length; others are chunked in HTTP/1.1 and end with the connection in
/// HTTP/1.0. Nothing that forbids a body gets one: HEAD, 1xx, 204 and 304 (RFC 9112 §6.3 rule 1).
public struct ResponseEncoder: Sendable {
    /// The interim response that lets a waiting client send its body (RFC 9110 §15.2.1).
    public static let continueResponse = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    private enum Framing: Sendable {
        /// The body is left out: the method or the status forbids it.
        case suppressed
        case length(remaining: Int)
        case chunked
        case untilClose
    }

    private let method: HTTPRequest.Method
    private let version: HTTPVersion
    /// Whether the connection may carry another request after this response.
    public private(set) var keepAlive: Bool
    private var framing = Framing.suppressed

    /// An encoder for the answer to a request with this method and version.
    ///
    /// - Parameter keepAlive: Whether both sides so far are willing to go on with the connection.
    public init(method: HTTPRequest.Method, version: HTTPVersion, keepAlive: Bool) {
        self.method = method
        self.version = version
        self.keepAlive = keepAlive
    }

    /// Makes this the last response of its connection; only before its head.
    public mutating func refuseKeepAlive() {
        keepAlive = false
    }

    /// Whether body bytes will be sent at all; if not, producing them is wasted work.
    public var sendsBody: Bool {
        if case .suppressed = framing { false } else { true }
    }

    /// The status line and header section.
    ///
    /// - Parameters:
    ///   - headers: Fields of the response; framing fields among them are replaced by the encoder's own.
    ///   - length: The length of the body in bytes, or `nil` when it is not known.
    public mutating func head(status: HTTPResponse.Status, headers: HTTPFields, length: Int?) -> [UInt8] {
        var headers = headers
        headers[.contentLength] = nil
        headers[.transferEncoding] = nil
        headers[.connection] = nil
        choose(status: status, length: length, headers: &headers)
        if !keepAlive {
            headers[.connection] = "close"
        } else if version == .http10 {
            headers[.connection] = "keep-alive"
        }
        var text = "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
        for field in headers {
            text += "\(field.name): \(field.value)\r\n"
        }
        text += "\r\n"
        return Array(text.utf8)
    }

    /// Body bytes in their framing; empty where the response has no body.
    ///
    /// Bytes beyond an announced length are dropped, so that they cannot pass for the next response.
    public mutating func body(_ bytes: some Collection<UInt8>) -> [UInt8] {
        switch framing {
        case .suppressed: return []
        case .untilClose: return Array(bytes)
        case .length(let remaining):
            let sent = Array(bytes.prefix(remaining))
            framing = .length(remaining: remaining - sent.count)
            return sent
        case .chunked:
            // A chunk of size zero would end the body.
            guard !bytes.isEmpty else { return [] }
            return Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [0x0D, 0x0A]
        }
    }

    /// The bytes that end the body.
    ///
    /// A body shorter than announced cannot be mended: the connection must then close, and `keepAlive` says so.
    public mutating func end() -> [UInt8] {
        switch framing {
        case .suppressed, .untilClose: return []
        case .chunked: return Array("0\r\n\r\n".utf8)
        case .length(let remaining):
            if remaining > 0 { keepAlive = false }
            return []
        }
    }

    // MARK: - Private

    private mutating func choose(status: HTTPResponse.Status, length: Int?, headers: inout HTTPFields) {
        let forbidsBody = status.kind == .informational || status == .noContent || status == .notModified
        if forbidsBody {
            framing = .suppressed
        } else if let length {
            // HEAD announces what GET would send (RFC 9110 §9.3.2).
            headers[.contentLength] = "\(length)"
            framing = method == .head ? .suppressed : .length(remaining: length)
        } else if version == .http11 {
            headers[.transferEncoding] = "chunked"
            framing = method == .head ? .suppressed : .chunked
        } else {
            keepAlive = keepAlive && method == .head
            framing = method == .head ? .suppressed : .untilClose
        }
    }
}
