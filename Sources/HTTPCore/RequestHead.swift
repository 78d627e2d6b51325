public import HTTPTypes

/// The minor versions of HTTP/1 this server speaks.
public enum HTTPVersion: Sendable, Equatable {
    /// HTTP/1.0: no chunks, no interim responses, closes unless asked not to.
    case http10
    /// HTTP/1.1, and any later HTTP/1.x (RFC 9110 §2.5).
    case http11
}

/// How the bytes after the head form a body (RFC 9112 §6.3).
public enum BodyFraming: Sendable, Equatable {
    /// No body.
    case none
    /// Exactly this many bytes.
    case length(Int)
    /// Chunks until the one of size zero.
    case chunked
}

/// Everything a request says before its body.
public struct RequestHead: Sendable, Equatable {
    /// The method, as sent (methods are case-sensitive).
    public var method: HTTPRequest.Method
    /// The path of the target, still percent-encoded; `*` for the asterisk form.
    public var path: String
    /// The query without its `?`, still percent-encoded.
    public var query: String?
    /// The host and port the client meant: from an absolute-form target, else from `Host`.
    public var authority: String?
    /// The version of the request line.
    public var version: HTTPVersion
    /// The header fields in order.
    public var headers: HTTPFields
    /// How the body is delimited.
    public var framing: BodyFraming
    /// Whether the connection may carry another request (RFC 9112 §9.3).
    public var keepAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
    public var expectsContinue: Bool
}

/// What the parser found next.
public enum RequestEvent: Sendable, Equatable {
    /// A complete head; `acceptBody(limit:)` may follow before the next event is asked for.
    case head(RequestHead)
    /// Some bytes of the body; how they are cut carries no meaning.
    case body([UInt8])
    /// The request is complete. Trailers were checked and dropped (RFC 9110 §6.5.1).
    case end
}
