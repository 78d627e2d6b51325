import HTTPCore
import HTTPTypes

/// Checks the API key of requests to protected routes.
struct KeyPolicy: Sendable {
    private let key: [UInt8]?

    init(key: String?) {
        self.key = key.map { Array($0.utf8) }
    }

    /// - Throws: 401 if a key is configured and the request does not carry it (RFC 6750 §2.1, §3).
    func check(_ headers: HTTPFields) throws(HTTPError) {
        guard let key else { return }
        let parts = (headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", Self.equal(Array(parts[1].utf8), key) else {
            throw HTTPError(
                status: .unauthorized,
                type: "authentication_error",
                code: "invalid_api_key",
                message: "This route needs the server's API key; send `Authorization: Bearer <key>`",
                headers: [.wwwAuthenticate: "Bearer"]
            )
        }
    }

    /// Compares in a time that depends on the lengths alone, so that timing gives no prefix away.
    private static func equal(_ given: [UInt8], _ key: [UInt8]) -> Bool {
        var difference = given.count ^ key.count
        for index in key.indices {
            difference |= Int(key[index] ^ (index < given.count ? given[index] : 0))
        }
        return difference == 0
    }
}
