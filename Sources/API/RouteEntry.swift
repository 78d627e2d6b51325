import HTTPTypes
import WebServer

/// One route and what is to be said about it.
struct RouteEntry: Sendable {
    typealias Handler = @Sendable (ServerRequest, ModelHolder) async throws -> ServerResponse

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

    /// What a route answers; the string names a schema.
    enum Answer: Sendable {
        /// JSON or what else the Accept header may ask for, and server-sent events where the body may ask for a stream.
        case json(String, forms: [AnswerForm], streams: Bool)
        /// A picture.
        case file
        /// Plain text.
        case text
    }

    let method: HTTPRequest.Method
    let pattern: String
    let summary: String
    private(set) var tag = "service"
    private(set) var body: Body?
    private(set) var answer = Answer.text
    private(set) var needsKey = true
    let handler: Handler

    /// Whether the body may ask for a stream.
    var streams: Bool { if case .json(_, _, let streams) = answer { streams } else { false } }

    /// The media types that the Accept header may choose from.
    var forms: [AnswerForm] { if case .json(_, let forms, _) = answer { forms } else { [] } }
}

// MARK: - Describing routes

extension RouteEntry {
    static func get(_ pattern: String, _ summary: String, _ handler: @escaping Handler) -> RouteEntry {
        RouteEntry(method: .get, pattern: pattern, summary: summary, handler: handler)
    }

    static func delete(_ pattern: String, _ summary: String, _ handler: @escaping Handler) -> RouteEntry {
        RouteEntry(method: .delete, pattern: pattern, summary: summary, handler: handler)
    }

    static func post(_ pattern: String, _ summary: String, _ handler: @escaping Handler) -> RouteEntry {
        RouteEntry(method: .post, pattern: pattern, summary: summary, handler: handler)
    }

    /// The same route with a body.
    func takes(_ body: Body) -> RouteEntry { changed { $0.body = body } }

    /// The same route with an answer in JSON and, perhaps, in other forms.
    func answers(_ schema: String, in forms: [AnswerForm] = [.json], streams: Bool = false) -> RouteEntry {
        answers(.json(schema, forms: forms, streams: streams))
    }

    /// The same route with an answer that is not JSON.
    func answers(_ answer: Answer) -> RouteEntry { changed { $0.answer = answer } }

    /// The same route for everybody.
    func withoutKey() -> RouteEntry { changed { $0.needsKey = false } }

    /// The same route among others of its kind.
    func tagged(_ tag: String) -> RouteEntry { changed { $0.tag = tag } }

    private func changed(_ change: (inout RouteEntry) -> Void) -> RouteEntry {
        var entry = self
        change(&entry)
        return entry
    }
}
