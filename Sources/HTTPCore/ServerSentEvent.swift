/// One event of a `text/event-stream` (WHATWG HTML §9.2).
public struct ServerSentEvent: Sendable, Equatable {
    /// The media type of a stream of events.
    public static let contentType = "text/event-stream; charset=utf-8"

    /// The payload; line ends of any kind within it become further `data:` lines.
    public var data: String
    /// The event's name, where it is not `message`.
    public var event: String?
    /// The id a client sends back as `Last-Event-ID`.
    public var id: String?

    /// An event with a payload and, rarely, a name or id.
    public init(_ data: String, event: String? = nil, id: String? = nil) {
        self.data = data
        self.event = event
        self.id = id
    }

    /// The event's bytes, ended by an empty line.
    public var encoded: [UInt8] {
        var text = ""
        if let event { text += "event: \(Self.firstLine(event))\n" }
        if let id { text += "id: \(Self.firstLine(id))\n" }
        // Swift reads CR LF as one character, so all three line ends count once.
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: Self.isLineEnd) {
            text += "data: \(line)\n"
        }
        return Array((text + "\n").utf8)
    }

    /// A comment, which clients ignore; it keeps proxies from closing a quiet stream.
    public static func comment(_ text: String) -> [UInt8] {
        Array(": \(firstLine(text))\n\n".utf8)
    }

    // MARK: - Private

    private static func isLineEnd(_ character: Character) -> Bool {
        character == "\r\n" || character == "\n" || character == "\r"
    }

    private static func firstLine(_ text: String) -> Substring {
        text.prefix { !isLineEnd($0) }
    }
}
