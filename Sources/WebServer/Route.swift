public import HTTPTypes

/// One entry of the route catalog: what the router matches and what the API description is written from.
public struct Route: Sendable {
    /// Answers a request; it may take its time, but must leave long CPU work to its own threads.
    public typealias Handler = @Sendable (ServerRequest) async throws -> ServerResponse

    /// Bytes a body may have where a route does not say otherwise.
    public static let defaultBodyLimit = 64 << 20

    /// The method; HEAD is answered by GET routes.
    public let method: HTTPRequest.Method
    /// The path, in which `{name}` matches one segment.
    public let pattern: String
    /// One line for the API description.
    public let summary: String
    /// Groups for the API description.
    public let tags: [String]
    /// Bytes the body may have.
    public let bodyLimit: Int
    /// Whether a configured API key is asked for.
    public let needsKey: Bool
    /// Media types the body may have (415 otherwise); empty for any. A request that names none passes.
    public let contentTypes: [String]
    /// The handler.
    public let handler: Handler

    /// A route.
    public init(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        summary: String = "",
        tags: [String] = [],
        bodyLimit: Int = Route.defaultBodyLimit,
        needsKey: Bool = true,
        contentTypes: [String] = [],
        handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.summary = summary
        self.tags = tags
        self.bodyLimit = bodyLimit
        self.needsKey = needsKey
        self.contentTypes = contentTypes
        self.handler = handler
    }
}
