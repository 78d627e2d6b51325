import Foundation
import Testing
import WebServer

/// Requests that must be refused with the right status, smuggling attempts among them.
///
/// Every one is followed by more bytes that a deceived server would take for a request of their own.
@Suite struct MalformedRequestTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        let status: Int
        var testDescription: String { name }

        init(_ name: String, _ status: Int, _ request: String) {
            self.name = name
            self.status = status
            self.request = request
        }

        /// A POST with these fields and body.
        static func post(_ name: String, _ status: Int, _ fields: String, _ body: String = "") -> Row {
            Row(name, status, "POST /echo HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\(body)")
        }
    }

    static let chunked = "Transfer-Encoding: chunked\r\n"

    static let rows: [Row] = [
        // The request line.
        Row("no version", 400, "GET /health\r\n\r\n"),
        Row("two spaces", 400, "GET  /health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        Row("space in the target", 400, "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        Row("fragment in the target", 400, "GET /a#b HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        Row("raw UTF-8 in the target", 400, "GET /ä HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        Row("relative target", 400, "GET health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        Row("asterisk with GET", 400, "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        Row("bad method", 400, "GE(T /health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        Row("lower-case protocol", 400, "GET /health http/1.1\r\nHost: localhost\r\n\r\n"),
        Row("HTTP/2 preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Row("HTTP/0.9 version", 505, "GET /health HTTP/0.9\r\n\r\n"),
        Row("CONNECT", 501, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n"),
        Row("TLS handshake", 400, "\u{16}\u{3}\u{1}\u{2}"),
        Row("long request line", 414, "GET /" + String(repeating: "a", count: 9000) + " HTTP/1.1\r\n\r\n"),
        // Lines and fields.
        Row("bare LF", 400, "GET /health HTTP/1.1\nHost: localhost\n\n"),
        Row("bare CR in a value", 400, "GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n"),
        Row("NUL in a value", 400, "GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n"),
        Row("folded line", 400, "GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n"),
        Row("space before the first field", 400, "GET /health HTTP/1.1\r\n Host: localhost\r\n\r\n"),
        Row("field without colon", 400, "GET /health HTTP/1.1\r\nHost: localhost\r\nNonsense\r\n\r\n"),
        Row("empty field name", 400, "GET /health HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n"),
        Row("bad character in a name", 400, "GET /health HTTP/1.1\r\nHost: localhost\r\nA(b): x\r\n\r\n"),
        Row("no Host", 400, "GET /health HTTP/1.1\r\n\r\n"),
        Row("two Hosts", 400, "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"),
        Row("bad Host", 400, "GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        Row("Host with user", 400, "GET /health HTTP/1.1\r\nHost: a@localhost\r\n\r\n"),
        Row("huge field", 431, TestServer.get("/health", "X: " + String(repeating: "a", count: 40_000) + "\r\n")),
        Row("many fields", 431, TestServer.get("/health", String(repeating: "X: 1\r\n", count: 150))),
        // Lengths and codings.
        .post("CL and TE", 400, "Content-Length: 5\r\n\(chunked)", "0\r\n\r\nGET /x HTTP/1.1\r\n\r\n"),
        .post("TE and CL", 400, "\(chunked)Content-Length: 5\r\n", "0\r\n\r\nGET /x HTTP/1.1\r\n\r\n"),
        .post("two CLs that differ", 400, "Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"),
        .post("two CLs that agree", 400, "Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
        .post("listed CLs", 400, "Content-Length: 3, 3\r\n", "abc"),
        .post("negative CL", 400, "Content-Length: -1\r\n", "abc"),
        .post("signed CL", 400, "Content-Length: +3\r\n", "abc"),
        .post("hexadecimal CL", 400, "Content-Length: 0x3\r\n", "abc"),
        .post("empty CL", 400, "Content-Length:\r\n", "abc"),
        .post("CL beyond 64 bits", 413, "Content-Length: 99999999999999999999999\r\n", "abc"),
        .post("CL over the limit", 413, "Content-Length: 9999999999\r\n", "abc"),
        .post("space before the colon", 400, "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        .post("unknown coding", 400, "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        .post("identity coding", 400, "Transfer-Encoding: identity\r\n", "abc"),
        .post("chunked twice", 400, "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
        .post("chunked in two lines", 400, "\(chunked)\(chunked)", "0\r\n\r\n"),
        .post("chunked not last", 400, "Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"),
        .post("gzip and chunked", 501, "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
        .post("vertical tab in TE", 400, "Transfer-Encoding: \u{B}chunked\r\n", "0\r\n\r\n"),
        Row("TE in HTTP/1.0", 400, "POST /echo HTTP/1.0\r\n\(chunked)\r\n0\r\n\r\n"),
        .post("unknown expectation", 417, "Expect: miracles\r\nContent-Length: 3\r\n", "abc"),
        // Chunks.
        .post("chunk size beyond 64 bits", 413, chunked, "fffffffffffffffff\r\nabc"),
        .post("chunk size over the limit", 413, chunked, "7fffffffffffffff\r\nabc"),
        .post("negative chunk size", 400, chunked, "-1\r\nabc\r\n0\r\n\r\n"),
        .post("chunk size with 0x", 400, chunked, "0x3\r\nabc\r\n0\r\n\r\n"),
        .post("empty chunk size", 400, chunked, "\r\nabc\r\n0\r\n\r\n"),
        .post("chunk size with a bare LF", 400, chunked, "3\nabc\r\n0\r\n\r\n"),
        .post("chunk longer than its size", 400, chunked, "3\r\nabcd\r\n0\r\n\r\n"),
        .post("chunk ended by a bare LF", 400, chunked, "3\r\nabc\n0\r\n\r\n"),
        .post("control character in an extension", 400, chunked, "3;a\u{1}\r\nabc\r\n0\r\n\r\n"),
        .post(
            "long chunk extension",
            400,
            chunked,
            "3;" + String(repeating: "a", count: 5000) + "\r\nabc\r\n0\r\n\r\n"
        ),
        .post(
            "extensions without end",
            400,
            chunked,
            String(repeating: "1;" + String(repeating: "a", count: 200) + "\r\nx\r\n", count: 100)
        ),
        .post("bad trailer", 400, chunked, "0\r\nA b: c\r\n\r\n"),
        .post("huge trailer", 431, chunked, "0\r\nA: " + String(repeating: "a", count: 9000) + "\r\n\r\n"),
    ]

    @Test(arguments: rows) func refusesAndServesTheNextConnection(row: Row) async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            await client.send(row.request + TestServer.get("/items/smuggled"))
            let all = try await client.receiveAll()
            #expect(all.hasPrefix("HTTP/1.1 \(row.status) "), "\(all.prefix(200))")
            #expect(all.contains("\"error\":{"))
            #expect(all.contains("X-Request-Id: "))
            #expect(!all.contains("HTTP/1.1 200"))
            #expect(try await server.exchange(TestServer.get("/health")).status == 200)
        }
    }

    @Test(arguments: [
        "GET /hea", "GET /health HTTP/1.1\r\nHost: local",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc",
    ])
    func refusesARequestCutShortByAHalfClose(request: String) async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            await client.send(request)
            client.halfClose()
            #expect(try await client.receiveAll().hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func deliversTheErrorToAClientThatIsStillSending() async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            await client.send("POST /small HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n")
            await client.send([UInt8](repeating: 0x61, count: 8_000_000))
            let response = try await client.response()
            #expect(response.status == 413)
            #expect(response.text.contains("payload_too_large"))
            #expect(response.text.contains("10 bytes"))
        }
    }

    @Test func countsChunksAgainstTheLimit() async throws {
        try await TestServer.with { server in
            let head = "POST /small HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            let request = head + "6\r\nabcdef\r\n6\r\nabcdef\r\n"
            let response = try await server.exchange(request)
            #expect(response.status == 413)
        }
    }
}
