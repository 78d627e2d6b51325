import HTTPCore
import HTTPTypes
import Logging

/// Decides from a request's head who answers it, before a byte of the body is accepted.
struct Responder: Sendable {
    /// Who answers, and what the body may be.
    struct Plan: Sendable {
        /// The pattern of the route, or `nil` if none matched.
        var pattern: String?
        var pathParameters: [String: String] = [:]
        /// Bytes the body may have; `nil` if it is not wanted at all.
        var bodyLimit: Int?
        var handler: Route.Handler
    }

    private let router: Router
    private let staticFiles: StaticFiles?
    private let hosts: HostPolicy
    private let keys: KeyPolicy
    private let origins: CrossOriginPolicy

    init(configuration: ServerConfiguration, routes: [Route], staticFiles: StaticFiles?) {
        router = Router(routes)
        self.staticFiles = staticFiles
        hosts = HostPolicy(boundHost: configuration.host, allowedHosts: configuration.allowedHosts)
        keys = KeyPolicy(key: configuration.apiKey)
        origins = CrossOriginPolicy(origins: configuration.allowedOrigins)
    }

    /// The plan for a request; what refuses it is a plan too, so that every answer takes one way.
    func plan(for head: RequestHead) -> Plan {
        do throws(HTTPError) {
            return try route(head)
        } catch {
            return Plan { _ in throw error }
        }
    }

    /// Fields that every answer to a request with these headers carries, errors included.
    func commonFields(for headers: HTTPFields) -> HTTPFields {
        var fields = origins.fields(for: headers)
        fields[.xContentTypeOptions] = "nosniff"
        return fields
    }

    // MARK: - Private

    private func route(_ head: RequestHead) throws(HTTPError) -> Plan {
        try checkHost(head)
        if head.path == "*" { return Plan { _ in ServerResponse(status: .noContent) } }
        let path = try PercentEncoding.pathSegments(head.path)
        switch router.match(head.method, path) {
        case .route(let route, let parameters):
            if route.needsKey { try keys.check(head.headers) }
            try checkContentType(head, route)
            return Plan(
                pattern: route.pattern,
                pathParameters: parameters,
                bodyLimit: route.bodyLimit,
                handler: route.handler
            )
        case .otherMethods(let allowed):
            return try otherMethod(head, allowed: allowed)
        case .none:
            guard let staticFiles else { throw Self.unknownRoute(head) }
            return try file(head, path, in: staticFiles)
        }
    }

    private func file(_ head: RequestHead, _ path: [String], in files: StaticFiles) throws(HTTPError) -> Plan {
        guard head.method == .get || head.method == .head else {
            guard files.contains(path) else { throw Self.unknownRoute(head) }
            return try otherMethod(head, allowed: Router.allowed([.get]))
        }
        return Plan { request in
            guard let response = files.response(to: path, headers: request.headers) else {
                throw Self.unknownRoute(head)
            }
            return response
        }
    }

    private func otherMethod(_ head: RequestHead, allowed: [HTTPRequest.Method]) throws(HTTPError) -> Plan {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        guard head.method == .options else {
            throw HTTPError(
                status: .methodNotAllowed,
                code: "method_not_allowed",
                message: "\(head.path) does not take \(head.method.rawValue); use \(names)",
                headers: [.allow: names]
            )
        }
        var fields = origins.preflightFields(for: head.headers, allowed: allowed)
        fields[.allow] = names
        let response = ServerResponse(status: .noContent, headers: fields)
        return Plan { _ in response }
    }

    private func checkHost(_ head: RequestHead) throws(HTTPError) {
        guard !hosts.allows(head.authority) else { return }
        throw HTTPError(
            status: .forbidden,
            type: "permission_error",
            code: "host_not_allowed",
            message: "The host \(head.authority ?? "") is not one of this server's; add it to the allowed hosts",
            parameter: "Host"
        )
    }

    private func checkContentType(_ head: RequestHead, _ route: Route) throws(HTTPError) {
        guard !route.contentTypes.isEmpty, let value = head.headers[.contentType] else { return }
        if let type = MediaType(value), route.contentTypes.contains(type.essence) { return }
        throw HTTPError(
            status: .unsupportedMediaType,
            code: "unsupported_media_type",
            message: "The Content-Type \(value) is not taken here; use \(route.contentTypes.joined(separator: " or "))",
            parameter: "Content-Type"
        )
    }

    private static func unknownRoute(_ head: RequestHead) -> HTTPError {
        HTTPError(
            status: .notFound,
            code: "unknown_route",
            message: "There is nothing at \(head.path); GET /openapi.json lists the routes"
        )
    }
}
