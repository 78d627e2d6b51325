public import Foundation
public import HTTPCore
public import HTTPTypes
import Synchronization

/// A complete request as a handler sees it.
public struct ServerRequest: Sendable {
    /// The method; GET for a HEAD request that a GET route answers.
    public var method: HTTPRequest.Method
    /// The path as sent, percent-encoded.
    public var path: String
    /// The decoded query.
    public var query: [String: String]
    /// The header fields.
    public var headers: HTTPFields
    /// The whole body, within the route's limit.
    public var body: Data
    /// What the `{name}` segments of the route's pattern matched, decoded.
    public var pathParameters: [String: String]
    /// The id that the response carries as `X-Request-Id`.
    public var requestID: String
    /// The client's numeric address.
    public var remoteAddress: String
    /// Tells whether the client is still there.
    public var cancellation: CancellationFlag

    /// A request made by hand, as tests do.
    public init(
        method: HTTPRequest.Method,
        path: String,
        query: [String: String] = [:],
        headers: HTTPFields = [:],
        body: Data = Data(),
        pathParameters: [String: String] = [:],
        requestID: String = "",
        remoteAddress: String = "",
        cancellation: CancellationFlag = CancellationFlag()
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.pathParameters = pathParameters
        self.requestID = requestID
        self.remoteAddress = remoteAddress
        self.cancellation = cancellation
    }

    /// Whether the client is gone, for code that runs outside the handler's task.
    public var isCancelled: Bool { cancellation.isSet }

    /// The body's media type, where the client named one.
    public var contentType: MediaType? { headers[.contentType].flatMap { MediaType($0) } }

    /// The media types the client wants.
    public var acceptedTypes: AcceptedTypes { AcceptedTypes(headers[.accept]) }
}

/// A flag set once, when a connection is gone; readable from any thread.
public final class CancellationFlag: Sendable {
    private let value = Atomic(false)

    /// A flag not yet set.
    public init() {}

    /// Whether the flag was set.
    public var isSet: Bool { value.load(ordering: .acquiring) }

    /// Sets the flag for good.
    public func set() { value.store(true, ordering: .releasing) }
}
