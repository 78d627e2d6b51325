import Foundation

/// Decides which `Host` values are answered.
///
/// A web page can point a name of its own at a loopback address and so reach this server from a visitor's browser (DNS
/// rebinding); the browser then still sends that name. Names that nobody configured are therefore refused. Addresses
/// cannot be rebound: where the server listens on all interfaces, any address is accepted.
struct HostPolicy: Sendable {
    private let allowed: Set<String>
    private let allowsAll: Bool
    private let allowsAddresses: Bool

    init(boundHost: String, allowedHosts: [String]) {
        allowed = Set((allowedHosts + [boundHost]).map { Self.name(in: $0) })
        allowsAll = allowedHosts.contains("*")
        allowsAddresses = ["0.0.0.0", "::"].contains(boundHost)
    }

    /// Whether a request meant for this authority is answered; one without (HTTP/1.0) is, as no browser sends it.
    func allows(_ authority: String?) -> Bool {
        guard let authority, !allowsAll else { return true }
        let name = Self.name(in: authority)
        if name == "localhost" || name.hasSuffix(".localhost") || allowed.contains(name) { return true }
        if Self.isAddress(name, family: AF_INET) { return allowsAddresses || name.hasPrefix("127.") }
        if Self.isAddress(name, family: AF_INET6) { return allowsAddresses || name == "::1" }
        return false
    }

    // MARK: - Private

    /// The lower-case host of `host`, `host:port`, `[v6]` or `[v6]:port`, without brackets and final dot.
    private static func name(in authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("[") { return String(text.dropFirst().prefix { $0 != "]" }) }
        // More than one colon is a bare IPv6 address, as in a configured host.
        let host = text.filter { $0 == ":" }.count == 1 ? text.prefix { $0 != ":" } : text[...]
        return String(host.hasSuffix(".") ? host.dropLast() : host)
    }

    private static func isAddress(_ name: String, family: Int32) -> Bool {
        var storage = in6_addr()
        return inet_pton(family, name, &storage) == 1
    }
}
