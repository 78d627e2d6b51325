import HTTPTypes
import WebServer

/// One route and what is to be said about it.
struct RouteEntry: Sendable {
    typealias Handler = @Sendable (ServerRequest) async throws -> ServerResponse

    /// What a route takes; the strings name schemas.
    enum Body: Sendable {
        case json(String)
        /// JSON, or a form that stands for it.
        case jsonOrForm(String)
        /// Bytes of a picture, bare or in a form.
        case file

        /// The media types that the router lets through; empty for all.
        var contentTypes: [String] {
            switch self {
            case .json: ["application/json"]
            case .jsonOrForm: ["application/json", "multipart/form-data"]
            case .file: []
            }
        }
    }

    /// What a route answers; the strings name schemas.
    enum Answer: Sendable {
        case json(String)
        /// JSON, or server-sent events when the body asks for a stream.
        case jsonOrEvents(String)
        /// A picture.
        case file
        /// Plain text.
        case text
    }

    let method: HTTPRequest.Method
    let pattern: String
    let tag: String
    let summary: String
    let body: Body?
    let answer: Answer
    let needsKey: Bool
    let handler: Handler

    static func get(
        _ pattern: String,
        _ tag: String,
        _ summary: String,
        needsKey: Bool = true,
        answer: Answer,
        handler: @escaping Handler
    ) -> RouteEntry {
        RouteEntry(
            method: .get,
            pattern: pattern,
            tag: tag,
            summary: summary,
            body: nil,
            answer: answer,
            needsKey: needsKey,
            handler: handler
        )
    }

    static func delete(
        _ pattern: String,
        _ tag: String,
        _ summary: String,
        answer: Answer,
        handler: @escaping Handler
    ) -> RouteEntry {
        RouteEntry(
            method: .delete,
            pattern: pattern,
            tag: tag,
            summary: summary,
            body: nil,
            answer: answer,
            needsKey: true,
            handler: handler
        )
    }

    static func post(
        _ pattern: String,
        _ tag: String,
        _ summary: String,
        body: Body,
        answer: Answer,
        handler: @escaping Handler
    ) -> RouteEntry {
        RouteEntry(
            method: .post,
            pattern: pattern,
            tag: tag,
            summary: summary,
            body: body,
            answer: answer,
            needsKey: true,
            handler: handler
        )
    }
}
