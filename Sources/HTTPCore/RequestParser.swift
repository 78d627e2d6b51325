import HTTPTypes

/// An HTTP/1.1 request parser without I/O: bytes in, events out (RFC 9112).
///
/// Any bytes either parse or end in one `HTTPError`, and both are the same however the bytes were cut. The parser is
/// strict where leniency would let a proxy and this server see different requests (request smuggling): bare line
/// feeds, folded lines, repeated or conflicting lengths and unknown codings are errors, never guesses.
///
/// Requests may be pipelined: after `.end` the next call of `next()` starts on the bytes that follow.
public struct RequestParser: Sendable {
    private enum State: Sendable {
        /// Before a request line; `skippedLine` tells whether the one allowed empty line was seen.
        case start(skippedLine: Bool)
        /// Within the header section.
        case headers(RequestLine)
        /// Within a body of known length.
        case fixed(remaining: Int)
        /// Before a chunk-size line.
        case chunkSize
        /// Within a chunk's data.
        case chunkData(remaining: Int)
        /// Before the line end that closes a chunk's data.
        case chunkEnd
        /// Within the trailer section.
        case trailers
        /// After an error: the framing is lost for good.
        case failed(HTTPError)
    }

    private let limits: ParserLimits
    private var buffer = LineBuffer()
    private var state = State.start(skippedLine: false)
    /// The header or trailer fields seen so far.
    private var section: HeaderSection
    private var bodyBytes = 0
    private var extensionBytes = 0
    private var bodyLimit = Int.max

    /// A parser before its first request.
    public init(limits: ParserLimits = ParserLimits()) {
        self.limits = limits
        section = HeaderSection(maximumBytes: limits.headerBytes, limits: limits)
    }

    /// Bytes received and not yet turned into events.
    public var bufferedByteCount: Int { buffer.count }

    /// Whether the parser stands between two requests with nothing received of the next one.
    public var isIdle: Bool {
        if case .start = state { buffer.count == 0 } else { false }
    }

    /// Adds received bytes.
    public mutating func feed(_ bytes: some Sequence<UInt8>) {
        buffer.append(bytes)
    }

    /// Sets the limit in bytes of the body whose head was just returned; without it there is none.
    public mutating func limitBody(to limit: Int) {
        bodyLimit = limit
    }

    /// The next event, or `nil` when more bytes are needed.
    ///
    /// - Throws: The error to answer with. The connection cannot be used further: every later call throws it again.
    public mutating func next() throws(HTTPError) -> RequestEvent? {
        do throws(HTTPError) {
            while true {
                switch try step() {
                case .event(let event): return event
                case .needsBytes: return nil
                case .again: continue
                }
            }
        } catch {
            state = .failed(error)
            throw error
        }
    }

    // MARK: - Private

    private enum Step {
        case event(RequestEvent)
        case needsBytes
        case again
    }

    private mutating func step() throws(HTTPError) -> Step {
        switch state {
        case .start(let skippedLine): try parseRequestLine(skippedLine: skippedLine)
        case .headers(let line): try parseHeaderLine(line)
        case .fixed(let remaining): try parseFixedBody(remaining: remaining)
        case .chunkSize: try parseChunkSize()
        case .chunkData(let remaining): parseChunkData(remaining: remaining)
        case .chunkEnd: try parseChunkEnd()
        case .trailers: try parseTrailerLine()
        case .failed(let error): throw error
        }
    }

    private mutating func parseRequestLine(skippedLine: Bool) throws(HTTPError) -> Step {
        guard let first = buffer.first else { return .needsBytes }
        // Says so at once to what is plainly not HTTP, such as a TLS handshake, instead of waiting for a line end.
        guard first.isTokenCharacter || first == 0x0D || first == 0x0A else {
            throw .badRequest("The request does not start with an HTTP method; plain HTTP/1.1 is spoken here")
        }
        guard
            let bytes = try takeLine(
                limit: limits.requestLine,
                tooLong: { parser in
                    HTTPError(
                        status: .uriTooLong,
                        code: "uri_too_long",
                        message: "The request line is over \(parser.limits.requestLine) bytes; shorten the URL"
                    )
                }
            )
        else { return .needsBytes }
        if bytes.isEmpty, !skippedLine {
            // RFC 9112 §2.2: at least one empty line before a request line is to be ignored.
            state = .start(skippedLine: true)
            return .again
        }
        state = .headers(try RequestLine(bytes))
        section = HeaderSection(maximumBytes: limits.headerBytes, limits: limits)
        return .again
    }

    private mutating func parseHeaderLine(_ line: RequestLine) throws(HTTPError) -> Step {
        guard let bytes = try takeLine(limit: section.lineLimit, tooLong: \.section.tooLarge) else {
            return .needsBytes
        }
        guard bytes.isEmpty else {
            try section.add(bytes)
            return .again
        }
        let head = try RequestHead(line: line, headers: section.fields)
        section = HeaderSection(maximumBytes: limits.trailerBytes, limits: limits)
        bodyLimit = .max
        bodyBytes = 0
        extensionBytes = 0
        switch head.framing {
        case .none: state = .fixed(remaining: 0)
        case .length(let length): state = .fixed(remaining: length)
        case .chunked: state = .chunkSize
        }
        return .event(.head(head))
    }

    private mutating func parseFixedBody(remaining: Int) throws(HTTPError) -> Step {
        if bodyBytes == 0, remaining > bodyLimit {
            throw .payloadTooLarge("The body's Content-Length of \(remaining) bytes", limit: bodyLimit)
        }
        guard remaining > 0 else { return finishRequest() }
        let bytes = buffer.take(remaining)
        guard !bytes.isEmpty else { return .needsBytes }
        bodyBytes += bytes.count
        state = .fixed(remaining: remaining - bytes.count)
        return .event(.body(bytes))
    }

    // MARK: Chunks (RFC 9112 §7.1)

    private mutating func parseChunkSize() throws(HTTPError) -> Step {
        let line = try takeLine(limit: limits.chunkLine) { parser in
            .badRequest("A chunk-size line is over the limit of \(parser.limits.chunkLine) bytes")
        }
        guard let line else { return .needsBytes }
        let header = try ChunkHeader(line, bodyLimit: bodyLimit)
        extensionBytes += header.extensionBytes
        guard extensionBytes <= limits.chunkExtensions else {
            // RFC 9112 §7.1.1: the total of extensions ought to be limited.
            throw .badRequest("The chunk extensions are over the limit of \(limits.chunkExtensions) bytes")
        }
        guard header.size <= bodyLimit - bodyBytes else {
            throw .payloadTooLarge("The chunked body", limit: bodyLimit)
        }
        bodyBytes += header.size
        state = header.size == 0 ? .trailers : .chunkData(remaining: header.size)
        return .again
    }

    private mutating func parseChunkData(remaining: Int) -> Step {
        let bytes = buffer.take(remaining)
        guard !bytes.isEmpty else { return .needsBytes }
        state = bytes.count == remaining ? .chunkEnd : .chunkData(remaining: remaining - bytes.count)
        return .event(.body(bytes))
    }

    private mutating func parseChunkEnd() throws(HTTPError) -> Step {
        let line = try takeLine(limit: 0) { _ in .badRequest("A chunk's data does not end where its size says") }
        guard line != nil else { return .needsBytes }
        state = .chunkSize
        return .again
    }

    private mutating func parseTrailerLine() throws(HTTPError) -> Step {
        guard let bytes = try takeLine(limit: section.lineLimit, tooLong: \.section.tooLarge) else {
            return .needsBytes
        }
        guard !bytes.isEmpty else { return finishRequest() }
        try section.add(bytes)
        return .again
    }

    private mutating func finishRequest() -> Step {
        state = .start(skippedLine: false)
        return .event(.end)
    }

    private mutating func takeLine(
        limit: Int,
        tooLong: (RequestParser) -> HTTPError
    ) throws(HTTPError) -> [UInt8]? {
        switch buffer.takeLine(limit: limit) {
        case .complete(let line): return line
        case .incomplete: return nil
        case .tooLong: throw tooLong(self)
        case .malformed: throw .badRequest("A line does not end in CRLF, or has a CR within")
        }
    }
}
