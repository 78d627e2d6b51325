public import Foundation
public import HTTPCore
public import HTTPTypes

/// What a handler answers.
public struct ServerResponse: Sendable {
    /// The body of a response.
    public enum Body: Sendable {
        /// A body at hand.
        case bytes(Data)
        /// A body written piece by piece; `length` in bytes where it is known beforehand.
        ///
        /// The closure ends the body by returning. If it throws, the connection is cut, so that the client can tell.
        case stream(length: Int?, @Sendable (ResponseWriter) async throws -> Void)
    }

    /// The status.
    public var status: HTTPResponse.Status
    /// The header fields; the server adds the framing, `Date`, `X-Request-Id` and `X-Content-Type-Options`.
    public var headers: HTTPFields
    /// The body.
    public var body: Body

    /// A response with every part given.
    public init(status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: Body = .bytes(Data())) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Bytes of a media type.
    public static func bytes(
        _ data: Data,
        contentType: String,
        status: HTTPResponse.Status = .ok
    ) -> ServerResponse {
        ServerResponse(status: status, headers: [.contentType: contentType], body: .bytes(data))
    }

    /// Encoded JSON.
    public static func json(_ data: Data, status: HTTPResponse.Status = .ok) -> ServerResponse {
        bytes(data, contentType: "application/json", status: status)
    }

    /// Plain text in UTF-8.
    public static func text(_ text: String, status: HTTPResponse.Status = .ok) -> ServerResponse {
        bytes(Data(text.utf8), contentType: "text/plain; charset=utf-8", status: status)
    }

    /// The JSON form of an error.
    public static func error(_ error: HTTPError) -> ServerResponse {
        var response = json(error.body, status: error.status)
        for field in error.headers { response.headers.append(field) }
        return response
    }

    /// A stream of server-sent events.
    ///
    /// The head goes out with the first event, so an error thrown before it is still a plain JSON error.
    public static func events(
        _ produce: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) -> ServerResponse {
        let headers: HTTPFields = [.contentType: ServerSentEvent.contentType, .cacheControl: "no-cache"]
        return ServerResponse(headers: headers, body: .stream(length: nil, produce))
    }
}
