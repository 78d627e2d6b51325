import HTTPTypes

extension RequestHead {
    /// Draws from the fields what the connection needs to know: host, body framing, persistence.
    init(line: RequestLine, headers: HTTPFields) throws(HTTPError) {
        method = line.method
        path = line.target.path
        query = line.target.query
        version = line.version
        self.headers = headers
        let host = try Self.host(of: headers, version: line.version)
        authority = try line.target.authority.map(Self.checkedAuthority) ?? host
        framing = try Self.framing(of: headers, version: line.version)
        keepAlive = Self.keepAlive(of: headers, version: line.version)
        expectsContinue = try Self.expectsContinue(of: headers, version: line.version)
    }

    /// RFC 9112 §3.2: a request with two hosts, an invalid one, or in HTTP/1.1 with none is answered 400.
    private static func host(of headers: HTTPFields, version: HTTPVersion) throws(HTTPError) -> String? {
        let hosts = headers.filter { $0.name.canonicalName == "host" }.map(\.value)
        guard hosts.count <= 1 else {
            throw .badRequest("The request has more than one Host header", parameter: "Host")
        }
        guard let host = hosts.first else {
            guard version == .http10 else { throw .badRequest("The request has no Host header", parameter: "Host") }
            return nil
        }
        return try checkedAuthority(host)
    }

    /// RFC 3986 §3.2: what a host and port are made of. User information has no place here (RFC 9110 §4.2.4).
    private static func checkedAuthority(_ text: String) throws(HTTPError) -> String {
        let isValid = text.utf8.allSatisfy { byte in
            byte.isTokenCharacter && byte != UInt8(ascii: "|") && byte != UInt8(ascii: "^") && byte != UInt8(ascii: "`")
                || ":[]();=,".utf8.contains(byte)
        }
        guard isValid else { throw .badRequest("The host has a character that is not allowed", parameter: "Host") }
        return text
    }

    /// RFC 9112 §6.3: how long the body is, refusing every combination two parties could read in two ways.
    private static func framing(of headers: HTTPFields, version: HTTPVersion) throws(HTTPError) -> BodyFraming {
        let lengths = headers[values: .contentLength]
        let codings = headers[values: .transferEncoding]
        if !codings.isEmpty {
            // §6.3 rule 3: both present ought to be handled as an error.
            guard lengths.isEmpty else {
                throw .badRequest(
                    "The request has both Content-Length and Transfer-Encoding",
                    parameter: "Content-Length"
                )
            }
            // §6.1: Transfer-Encoding in HTTP/1.0 means the framing is faulty.
            guard version == .http11 else {
                throw .badRequest("HTTP/1.0 has no Transfer-Encoding", parameter: "Transfer-Encoding")
            }
            return try chunked(codings)
        }
        guard let length = lengths.first else { return .none }
        // §6.3 rule 5: a repeated or listed length is an error even where the values agree.
        guard lengths.count == 1 else {
            throw .badRequest("The request has more than one Content-Length", parameter: "Content-Length")
        }
        return try contentLength(length)
    }

    /// RFC 9112 §6.1: chunked must be last and applied once; other codings are not implemented (501).
    private static func chunked(_ values: [String]) throws(HTTPError) -> BodyFraming {
        let codings = values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            .map { String(decoding: $0.utf8.trimmingBlanks(), as: UTF8.self).lowercased() }
        guard codings.last == "chunked", codings.filter({ $0 == "chunked" }).count == 1 else {
            throw .badRequest("Transfer-Encoding does not end in one `chunked`", parameter: "Transfer-Encoding")
        }
        guard codings.count == 1 else {
            throw HTTPError(
                status: .notImplemented,
                code: "not_implemented",
                message: "Transfer codings other than `chunked` are not implemented",
                parameter: "Transfer-Encoding"
            )
        }
        return .chunked
    }

    /// RFC 9110 §8.6: digits only. A number beyond `Int` becomes the largest one, which no body limit allows.
    private static func contentLength(_ text: String) throws(HTTPError) -> BodyFraming {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .badRequest("Content-Length is not a number of bytes", parameter: "Content-Length")
        }
        let length = Int(text) ?? .max
        return length == 0 ? .none : .length(length)
    }

    /// RFC 9112 §9.3: HTTP/1.1 persists unless `close` is asked for, HTTP/1.0 only if `keep-alive` is.
    private static func keepAlive(of headers: HTTPFields, version: HTTPVersion) -> Bool {
        let options = headers[values: .connection].flatMap { $0.split(separator: ",") }
            .map { String(decoding: $0.utf8.trimmingBlanks(), as: UTF8.self).lowercased() }
        return switch version {
        case .http11: !options.contains("close")
        case .http10: options.contains("keep-alive") && !options.contains("close")
        }
    }

    /// RFC 9110 §10.1.1: an unknown expectation is answered 417; HTTP/1.0 cannot expect.
    private static func expectsContinue(of headers: HTTPFields, version: HTTPVersion) throws(HTTPError) -> Bool {
        guard version == .http11, let expectation = headers[.expect] else { return false }
        guard expectation.lowercased() == "100-continue" else {
            throw HTTPError(
                status: .expectationFailed,
                code: "expectation_failed",
                message: "Only the expectation `100-continue` is supported",
                parameter: "Expect"
            )
        }
        return true
    }
}
