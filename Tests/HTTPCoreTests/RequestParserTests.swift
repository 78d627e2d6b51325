import HTTPCore
import HTTPTypes
import Testing

/// Feeds pieces and collects what comes, body bytes joined, since how they are cut means nothing.
private struct Transcript: Equatable {
    var heads: [RequestHead] = []
    var bodies: [[UInt8]] = []
    var ended = 0
    var error: HTTPError?

    init(_ pieces: [[UInt8]], limits: ParserLimits = ParserLimits(), bodyLimit: Int = .max) {
        var parser = RequestParser(limits: limits)
        do {
            for piece in pieces {
                parser.feed(piece)
                while let event = try parser.next() {
                    switch event {
                    case .head(let head):
                        heads.append(head)
                        bodies.append([])
                        parser.limitBody(to: bodyLimit)
                    case .body(let bytes): bodies[bodies.count - 1] += bytes
                    case .end: ended += 1
                    }
                }
            }
        } catch { self.error = error }
    }

    init(_ text: String, limits: ParserLimits = ParserLimits(), bodyLimit: Int = .max) {
        self.init([Array(text.utf8)], limits: limits, bodyLimit: bodyLimit)
    }
}

@Suite struct RequestParserTests {
    static let requests = """
        \r\nGET /a%20b?x=1&y HTTP/1.1\r\nHost: h:1\r\nEmpty:\r\nX:  a b\t \r\nX: c\r\n\r\n\
        POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello\
        PUT http://other:9/q?z HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\nExpect: 100-continue\r\n\r\n\
        5;ext="v"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n\
        OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n\
        GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n
        """

    @Test func readsARowOfRequests() throws {
        let seen = Transcript(Self.requests)
        #expect(seen.error == nil)
        #expect(seen.ended == 5)
        #expect(seen.heads.map(\.path) == ["/a%20b", "/p", "/q", "*", "/"])
        #expect(seen.heads.map(\.query) == ["x=1&y", nil, "z", nil, nil])
        #expect(seen.heads.map(\.authority) == ["h:1", "h", "other:9", "", nil])
        #expect(seen.heads.map(\.framing) == [.none, .length(5), .chunked, .none, .none])
        #expect(seen.heads.map(\.keepAlive) == [true, false, true, true, true])
        #expect(seen.heads.map(\.expectsContinue) == [false, false, true, false, false])
        #expect(seen.heads.map(\.version) == [.http11, .http11, .http11, .http11, .http10])
        #expect(seen.bodies.map { String(decoding: $0, as: UTF8.self) } == ["", "hello", "hello0123456789", "", ""])
        let name = try #require(HTTPField.Name("x"))
        #expect(seen.heads[0].headers[values: name] == ["a b", "c"])
    }

    @Test func readsTheSameAtEverySplitPoint() {
        let bytes = Array(Self.requests.utf8)
        let whole = Transcript([bytes])
        for cut in 0...bytes.count {
            #expect(Transcript([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
        #expect(Transcript(bytes.map { [$0] }) == whole)
    }

    @Test(arguments: ["1", "2", "9"]) func takesLaterMinorVersionsForItsOwn(minor: String) {
        #expect(Transcript("GET / HTTP/1.\(minor)\r\nHost: h\r\n\r\n").heads.first?.version == .http11)
    }

    /// A limit, the request that just keeps it, and the status one byte more brings.
    private func check(_ status: Int, limits: ParserLimits, bodyLimit: Int = .max, _ request: (String) -> String) {
        let kept = request("")
        let broken = request("x")
        #expect(Transcript(kept, limits: limits, bodyLimit: bodyLimit).error == nil)
        for pieces in [[Array(broken.utf8)], broken.utf8.map { [$0] }] {
            let seen = Transcript(pieces, limits: limits, bodyLimit: bodyLimit)
            #expect(seen.error?.status.code == status)
        }
    }

    @Test func keepsItsLimitsToTheByte() {
        var line = ParserLimits()
        line.requestLine = "GET / HTTP/1.1".utf8.count
        check(414, limits: line) { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }
        var bytes = ParserLimits()
        bytes.headerBytes = "Host: h\r\nX: y\r\n".utf8.count
        check(431, limits: bytes) { "GET / HTTP/1.1\r\nHost: h\r\nX: y\($0)\r\n\r\n" }
        var count = ParserLimits()
        count.headerCount = 2
        check(431, limits: count) { "GET / HTTP/1.1\r\nHost: h\r\nX: y\r\n\($0.isEmpty ? "" : "Z: z\r\n")\r\n" }
        let post = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        var chunk = ParserLimits()
        chunk.chunkLine = 5
        check(400, limits: chunk) { "\(post)1;abc\($0)\r\nx\r\n0\r\n\r\n" }
        var extensions = ParserLimits()
        extensions.chunkExtensions = 4
        check(400, limits: extensions) { "\(post)1;a\r\nx\r\n1;b\($0)\r\nx\r\n0\r\n\r\n" }
        var trailers = ParserLimits()
        trailers.trailerBytes = "A: b\r\n".utf8.count
        check(431, limits: trailers) { "\(post)0\r\nA: b\($0)\r\n\r\n" }
        check(413, limits: ParserLimits(), bodyLimit: 4) {
            "\(post)2\r\nab\r\n2\r\ncd\r\n\($0.isEmpty ? "" : "1\r\n")0\r\n\r\n"
        }
        check(413, limits: ParserLimits(), bodyLimit: 4) { extra in
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(4 + extra.count)\r\n\r\nabcd\(extra)"
        }
    }

    @Test func staysFailed() throws {
        var parser = RequestParser()
        parser.feed(Array("nonsense\r\n".utf8))
        let first = #expect(throws: HTTPError.self) { try parser.next() }
        parser.feed(Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
        let second = #expect(throws: HTTPError.self) { try parser.next() }
        #expect(first == second)
    }

    @Test func isIdleOnlyBetweenRequests() throws {
        var parser = RequestParser()
        #expect(parser.isIdle)
        parser.feed(Array("G".utf8))
        #expect(!parser.isIdle)
        parser.feed(Array("ET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
        while try parser.next() != nil {}
        #expect(parser.isIdle)
    }

    /// Any bytes either parse or end in the one error type, whole or byte by byte the same.
    @Test(arguments: 0..<40 as Range<UInt64>) func readsAnyBytesTheSameHoweverTheyAreCut(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var limits = ParserLimits()
        limits.requestLine = 60
        limits.headerBytes = 200
        limits.headerCount = 5
        limits.chunkLine = 20
        limits.chunkExtensions = 24
        limits.trailerBytes = 40
        for _ in 0..<60 {
            let bytes = random.mutated(Array(Self.requests.utf8))
            let whole = Transcript([bytes], limits: limits, bodyLimit: 40)
            #expect(Transcript(bytes.map { [$0] }, limits: limits, bodyLimit: 40) == whole, "\(bytes)")
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let halves = [Array(bytes[..<cut]), Array(bytes[cut...])]
            #expect(Transcript(halves, limits: limits, bodyLimit: 40) == whole, "\(bytes) cut at \(cut)")
            if let error = whole.error { #expect((400...599).contains(error.status.code)) }
        }
    }
}
