/// What a request may cost before it is refused.
public struct ParserLimits: Sendable, Equatable {
    /// Bytes of the request line, without its line end (414 beyond).
    public var requestLine = 8 * 1024
    /// Bytes of the whole header section, line ends included (431 beyond).
    public var headerBytes = 32 * 1024
    /// Header fields in one request (431 beyond).
    public var headerCount = 100
    /// Bytes of one chunk-size line, extensions included (400 beyond).
    public var chunkLine = 256
    /// Bytes of all chunk extensions of one body (400 beyond).
    public var chunkExtensions = 16 * 1024
    /// Bytes of the trailer section (431 beyond).
    public var trailerBytes = 8 * 1024

    /// The default limits.
    public init() {}
}
