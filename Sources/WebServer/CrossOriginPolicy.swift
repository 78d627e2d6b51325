import HTTPCore
import HTTPTypes

/// Lets scripts of configured origins read answers (WHATWG Fetch §3.2).
struct CrossOriginPolicy: Sendable {
    private let origins: Set<String>

    init(origins: [String]) {
        self.origins = Set(origins)
    }

    /// The fields to add to the answer to a request with these headers.
    func fields(for request: HTTPFields) -> HTTPFields {
        guard !origins.isEmpty else { return [:] }
        guard !origins.contains("*") else { return Self.fields(origin: "*") }
        var fields: HTTPFields = [:]
        if let origin = request[.origin], origins.contains(origin) { fields = Self.fields(origin: origin) }
        // Caches must know that the answer depends on the origin even where this one is not allowed.
        fields[.vary] = "Origin"
        return fields
    }

    /// The fields of the answer to a preflight, on top of the above; none if the request is not one.
    func preflightFields(for request: HTTPFields, allowed: [HTTPRequest.Method]) -> HTTPFields {
        guard !origins.isEmpty, request[.accessControlRequestMethod] != nil else { return [:] }
        var fields: HTTPFields = [
            .accessControlAllowMethods: allowed.map(\.rawValue).joined(separator: ", "),
            .accessControlMaxAge: "600",
        ]
        fields[.accessControlAllowHeaders] = request[.accessControlRequestHeaders]
        return fields
    }

    private static func fields(origin: String) -> HTTPFields {
        [.accessControlAllowOrigin: origin, .accessControlExposeHeaders: "X-Request-Id"]
    }
}
