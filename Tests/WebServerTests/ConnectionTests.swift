import Foundation
import HTTPCore
import HTTPTypes
import Testing
import WebServer

@Suite struct ConnectionTests {
    @Test func keepsTheConnectionForTheNextRequest() async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            for _ in 0..<3 {
                await client.send(TestServer.get("/health"))
                let response = try await client.response()
                #expect(response.status == 200)
                #expect(response.text == "ok")
                #expect(response.headers["connection"] == nil)
            }
        }
    }

    static let pipeline = """
        GET /items/a HTTP/1.1\r\nHost: localhost\r\n\r\n\
        POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc\
        POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1;x=y\r\nf\r\n0\r\nT: v\r\n\r\n\
        GET /items/z HTTP/1.1\r\nHost: localhost\r\n\r\n
        """

    @Test(arguments: [1, 7, 1000])
    func answersPipelinedRequestsInOrderHoweverTheyAreCut(piece: Int) async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            let bytes = Array(Self.pipeline.utf8)
            for start in stride(from: 0, to: bytes.count, by: piece) {
                await client.send(Array(bytes[start...].prefix(piece)))
            }
            for expected in ["a", "abc", "def", "z"] {
                #expect(try await client.response().text == expected)
            }
        }
    }

    @Test func answersEveryRequestOfAClientThatHalfCloses() async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            await client.send(Self.pipeline)
            client.halfClose()
            for expected in ["a", "abc", "def", "z"] {
                #expect(try await client.response().text == expected)
            }
            #expect(try await client.receiveAll().isEmpty)
        }
    }

    @Test func closesWhenAsked() async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            await client.send(TestServer.get("/health", "Connection: close\r\n"))
            let response = try await client.response()
            #expect(response.headers["connection"] == "close")
            #expect(try await client.receiveAll().isEmpty)
        }
    }

    @Test func answersHeadWithoutABody() async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            await client.send(TestServer.get("/health", method: "HEAD") + TestServer.get("/events", method: "HEAD"))
            let first = try await client.response(to: "HEAD")
            #expect(first.headers["content-length"] == "2")
            let second = try await client.response(to: "HEAD")
            #expect(second.headers["content-type"] == ServerSentEvent.contentType)
            await client.send(TestServer.get("/health"))
            #expect(try await client.response().text == "ok")
        }
    }

    @Test func asksForTheBodyOfAClientThatWaits() async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            await client.send(
                "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(try await client.anyResponse().status == 100)
            await client.send("abc")
            #expect(try await client.anyResponse().text == "abc")
        }
    }

    @Test(arguments: [("/small", "100", 413), ("/nowhere", "3", 404), ("/health", "3", 405)])
    func refusesWithoutAskingForTheBody(path: String, length: String, status: Int) async throws {
        try await TestServer.with { server in
            let fields = "Content-Length: \(length)\r\nExpect: 100-continue\r\n"
            let request = TestServer.get(path, fields, method: "POST")
            let client = try RawClient(port: server.port)
            await client.send(request)
            let response = try await client.anyResponse()
            #expect(response.status == status)
            #expect(response.headers["connection"] == "close")
        }
    }

    @Test func keepsTheConnectionAfterAnErrorWhoseBodyIsSmall() async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            await client.send("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
            #expect(try await client.response().status == 404)
            await client.send(TestServer.get("/health"))
            #expect(try await client.response().status == 200)
        }
    }

    @Test func speaksHTTP10() async throws {
        try await TestServer.with { server in
            let plain = try RawClient(port: server.port)
            await plain.send("GET /health HTTP/1.0\r\n\r\n")
            #expect(try await plain.response().headers["connection"] == "close")
            #expect(try await plain.receiveAll().isEmpty)

            let kept = try RawClient(port: server.port)
            await kept.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await kept.response().headers["connection"] == "keep-alive")
            await kept.send("GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let events = try await kept.response()
            #expect(events.headers["transfer-encoding"] == nil)
            #expect(events.text == "data: 0\n\ndata: 1\n\ndata: 2\n\n")
        }
    }

    @Test func streamsEventsInChunks() async throws {
        try await TestServer.with { server in
            let response = try await server.exchange(TestServer.get("/events"))
            #expect(response.headers["transfer-encoding"] == "chunked")
            #expect(response.headers["content-type"] == "text/event-stream; charset=utf-8")
            #expect(response.text == "data: 0\n\ndata: 1\n\ndata: 2\n\n")
        }
    }

    @Test func answersAnErrorThrownBeforeTheFirstEventAsJSON() async throws {
        try await TestServer.with { server in
            let response = try await server.exchange(TestServer.get("/late-error"))
            #expect(response.status == 400)
            #expect(response.headers["content-type"] == "application/json")
            #expect(response.text.contains("Too late?"))
        }
    }

    @Test func cutsTheConnectionWhenAStreamFailsHalfway() async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            await client.send(TestServer.get("/cut"))
            let all = try await client.receiveAll()
            #expect(all.contains("data: one"))
            #expect(!all.contains("0\r\n\r\n"))
        }
    }

    @Test func movesLargeBodiesBothWays() async throws {
        try await TestServer.with { server in
            let body = [UInt8](unsafeUninitializedCapacity: 5_000_000) { buffer, count in
                for index in buffer.indices { buffer[index] = UInt8(truncatingIfNeeded: index &* 31 >> 3) }
                count = buffer.count
            }
            let client = try RawClient(port: server.port)
            await client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n")
            await client.send(body)
            #expect(try await client.response().body == Data(body))
        }
    }

    @Test func survivesManyShortConnections() async throws {
        try await TestServer.with { server in
            for index in 0..<500 {
                let client = try RawClient(port: server.port)
                switch index % 4 {
                case 0: break
                case 1: await client.send("GET /hea")
                case 2: await client.send(TestServer.get("/health"))
                default:
                    await client.send(TestServer.get("/health"))
                    #expect(try await client.response().status == 200)
                }
            }
            #expect(try await server.exchange(TestServer.get("/health")).status == 200)
        }
    }

    @Test func refusesConnectionsOverTheCap() async throws {
        try await TestServer.with(configure: { $0.maximumConnections = 2 }) { server in
            let kept = [try RawClient(port: server.port), try RawClient(port: server.port)]
            for client in kept {
                await client.send(TestServer.get("/health"))
                #expect(try await client.response().status == 200)
            }
            let refused = try RawClient(port: server.port)
            let response = try await refused.response()
            #expect(response.status == 503)
            #expect(response.headers["retry-after"] == "1")
            #expect(response.text.contains("too_many_connections"))
            await kept[0].send(TestServer.get("/health"))
            #expect(try await kept[0].response().status == 200)
        }
    }
}
