import Foundation
import HTTPCore
import HTTPTypes
import Testing
import WebServer

/// What the server does about clients that are slow or gone. Nothing here measures time: each test waits for the
/// event itself, under timeouts short enough to come by.
@Suite struct TimeoutTests {
    @Test(arguments: ["GET /health HT", "GET /health HTTP/1.1\r\nHost: localhost\r\n"])
    func answersASlowHeadWith408(request: String) async throws {
        try await TestServer.with(configure: { $0.timeouts.header = .milliseconds(150) }) { server in
            let client = try RawClient(port: server.port)
            await client.send(request)
            let response = try await client.response()
            #expect(response.status == 408)
            #expect(response.text.contains("request_timeout"))
            #expect(try await client.receiveAll().isEmpty)
        }
    }

    @Test(arguments: ["Content-Length: 9\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n9\r\nabc"])
    func answersASlowBodyWith408(rest: String) async throws {
        try await TestServer.with(configure: { $0.timeouts.body = .milliseconds(150) }) { server in
            let client = try RawClient(port: server.port)
            await client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\n\(rest)")
            #expect(try await client.response().status == 408)
        }
    }

    @Test func closesAnIdleConnectionSilently() async throws {
        try await TestServer.with(configure: { $0.timeouts.idle = .milliseconds(150) }) { server in
            let fresh = try RawClient(port: server.port)
            #expect(try await fresh.receiveAll().isEmpty)
            let used = try RawClient(port: server.port)
            await used.send(TestServer.get("/health"))
            #expect(try await used.response().status == 200)
            #expect(try await used.receiveAll().isEmpty)
        }
    }

    /// A route that runs until it is cancelled, and the signals around it.
    private struct Endless {
        let began = Signal()
        let ended = Signal()

        var routes: [Route] {
            let (began, ended) = (began, ended)
            return [
                Route(.get, "/stream") { _ in
                    .events { writer in
                        defer { ended.set() }
                        while true {
                            try await writer.write(ServerSentEvent("tick"))
                            began.set()
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                },
                Route(.get, "/flood") { _ in
                    ServerResponse(
                        body: .stream(length: nil) { writer in
                            defer { ended.set() }
                            let block = [UInt8](repeating: 0, count: 1 << 20)
                            while true {
                                try await writer.write(block)
                                began.set()
                            }
                        }
                    )
                },
                Route(.get, "/think") { request in
                    began.set()
                    while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
                    if request.isCancelled { ended.set() }
                    throw CancellationError()
                },
            ]
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func cancelsAStreamWhoseClientIsGone(byReset: Bool) async throws {
        let endless = Endless()
        try await TestServer.with(routes: endless.routes) { server in
            var client: RawClient? = try RawClient(port: server.port)
            await client?.send(TestServer.get("/stream"))
            await endless.began.wait()
            if byReset { client?.reset() }
            client = nil
            await endless.ended.wait()
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func cancelsAHandlerWhoseClientIsGone(byReset: Bool) async throws {
        let endless = Endless()
        try await TestServer.with(
            configure: { $0.timeouts.probe = .milliseconds(100) },
            routes: endless.routes
        ) { server in
            var client: RawClient? = try RawClient(port: server.port)
            await client?.send(TestServer.get("/think"))
            await endless.began.wait()
            if byReset { client?.reset() }
            client = nil
            await endless.ended.wait()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func cutsAClientThatDoesNotRead() async throws {
        let endless = Endless()
        try await TestServer.with(
            configure: { $0.timeouts.write = .milliseconds(200) },
            routes: endless.routes
        ) { server in
            let client = try RawClient(port: server.port, receiveBuffer: 4096)
            await client.send(TestServer.get("/flood"))
            await endless.ended.wait()
            _ = client
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func stillAnswersAHalfClosedClientAfterProbingIt() async throws {
        let release = Signal()
        let route = Route(.get, "/slow") { _ in
            await release.wait()
            return .text("done")
        }
        try await TestServer.with(
            configure: { $0.timeouts.probe = .milliseconds(50) },
            routes: [route]
        ) { server in
            let client = try RawClient(port: server.port)
            await client.send(TestServer.get("/slow"))
            client.halfClose()
            // The probe is an interim response, which clients pass over.
            #expect(try await client.anyResponse().status == 100)
            #expect(try await client.anyResponse().status == 100)
            release.set()
            #expect(try await client.response().text == "done")
            #expect(try await client.receiveAll().isEmpty)
        }
    }
}
