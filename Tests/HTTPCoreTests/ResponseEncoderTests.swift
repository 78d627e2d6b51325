import HTTPCore
import HTTPTypes
import Testing

@Suite struct ResponseEncoderTests {
    /// The bytes of a whole response as text.
    private func encode(
        method: HTTPRequest.Method = .get,
        version: HTTPVersion = .http11,
        keepAlive: Bool = true,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:],
        length: Int?,
        pieces: [String]
    ) -> (text: String, keepAlive: Bool) {
        var encoder = ResponseEncoder(method: method, version: version, keepAlive: keepAlive)
        var bytes = encoder.head(status: status, headers: headers, length: length)
        for piece in pieces { bytes += encoder.body(piece.utf8) }
        bytes += encoder.end()
        return (String(decoding: bytes, as: UTF8.self), encoder.keepAlive)
    }

    @Test func framesAKnownLength() {
        let result = encode(length: 5, pieces: ["he", "llo"])
        #expect(result.text == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        #expect(result.keepAlive)
    }

    @Test func framesAnUnknownLengthInChunks() {
        let result = encode(length: nil, pieces: ["hello", "", "0123456789abcdef"])
        let chunks = "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"
        #expect(result.text == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    }

    @Test func endsAnUnknownLengthWithTheConnectionInHTTP10() {
        let result = encode(version: .http10, length: nil, pieces: ["a", "b"])
        #expect(result.text == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nab")
        #expect(!result.keepAlive)
    }

    @Test(arguments: [(5, "Content-Length: 5"), (nil, "Transfer-Encoding: chunked")] as [(Int?, String)])
    func leavesTheBodyOutForHead(length: Int?, field: String) {
        let result = encode(method: .head, length: length, pieces: ["hello"])
        #expect(result.text == "HTTP/1.1 200 OK\r\n\(field)\r\n\r\n")
        #expect(result.keepAlive)
    }

    @Test(arguments: [.noContent, .notModified] as [HTTPResponse.Status])
    func leavesTheBodyOutWhereTheStatusForbidsIt(status: HTTPResponse.Status) {
        let result = encode(status: status, length: 5, pieces: ["hello"])
        #expect(result.text == "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n\r\n")
    }

    @Test func dropsBytesBeyondTheLengthAndClosesAfterTooFew() {
        #expect(encode(length: 3, pieces: ["hello"]).text.hasSuffix("\r\n\r\nhel"))
        #expect(!encode(length: 9, pieces: ["hello"]).keepAlive)
    }

    @Test func saysWhetherTheConnectionStays() {
        #expect(encode(keepAlive: false, length: 0, pieces: []).text.contains("Connection: close\r\n"))
        #expect(encode(version: .http10, length: 0, pieces: []).text.contains("Connection: keep-alive\r\n"))
    }

    @Test func replacesFramingFieldsAndCannotBeMadeToSplitALine() {
        let headers: HTTPFields = [.contentLength: "99", .transferEncoding: "x", .server: "a\r\nInjected: b"]
        let text = encode(headers: headers, length: 0, pieces: []).text
        #expect(text.contains("Content-Length: 0\r\n"))
        #expect(!text.contains("99"))
        #expect(!text.contains("\r\nInjected"))
    }

    @Test func readsBackAsOneResponse() {
        var encoder = ResponseEncoder(method: .get, version: .http11, keepAlive: true)
        encoder.refuseKeepAlive()
        let head = String(decoding: encoder.head(status: .ok, headers: [:], length: 2), as: UTF8.self)
        #expect(head.contains("Connection: close"))
        #expect(encoder.sendsBody)
    }
}
