public import HTTPCore

/// Where and how the server listens, and what it puts up with.
public struct ServerConfiguration: Sendable {
    /// The address to bind: an IPv4 or IPv6 address or a name that resolves to one.
    public var host = "127.0.0.1"
    /// The port to bind; 0 lets the system choose.
    public var port: UInt16 = 8080
    /// The key that routes with `needsKey` ask for; without one `Authorization` is ignored.
    public var apiKey: String?
    /// Names and addresses accepted in `Host` besides loopback and `host`; `*` accepts all.
    public var allowedHosts: [String] = []
    /// Origins whose scripts may read answers; `*` stands for all, none leaves CORS off.
    public var allowedOrigins: [String] = []
    /// Open connections; further ones are answered 503.
    public var maximumConnections = 256
    /// Limits on lines and header fields.
    public var parserLimits = ParserLimits()
    /// Timeouts of each connection.
    public var timeouts = ConnectionTimeouts()

    /// The defaults: loopback, port 8080, no key.
    public init() {}
}

/// The address a server is bound to.
public struct BoundAddress: Sendable, Equatable, CustomStringConvertible {
    /// The numeric host.
    public let host: String
    /// The port, chosen by the system where 0 was asked for.
    public let port: UInt16

    /// The address as a URL, such as `http://127.0.0.1:8080`.
    public var description: String {
        host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
    }
}
