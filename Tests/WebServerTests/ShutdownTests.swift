import Foundation
import HTTPCore
import HTTPTypes
import Testing
import WebServer

@Suite struct ShutdownTests {
    private func server(_ routes: [Route]) -> WebServer {
        var configuration = ServerConfiguration()
        configuration.port = 0
        return WebServer(configuration: configuration, routes: routes)
    }

    @Test(.timeLimit(.minutes(1)))
    func finishesWhatIsRunningAndAcceptsNothingNew() async throws {
        let began = Signal()
        let release = Signal()
        let server = server([
            Route(.get, "/slow") { _ in
                began.set()
                await release.wait()
                return .text("done")
            }
        ])
        let port = try server.start().port
        let idle = try RawClient(port: port)
        let busy = try RawClient(port: port)
        await busy.send(TestServer.get("/slow"))
        await began.wait()
        async let stopped: Void = server.shutdown(deadline: .seconds(50))
        #expect(try await idle.receiveAll().isEmpty)
        #expect(throws: RawClient.Failure.self) { _ = try RawClient(port: port) }
        release.set()
        let response = try await busy.response()
        #expect(response.text == "done")
        #expect(response.headers["connection"] == "close")
        #expect(try await busy.receiveAll().isEmpty)
        busy.halfClose()
        await stopped
    }

    @Test(.timeLimit(.minutes(1)))
    func cutsWhatIsLeftAtTheDeadline() async throws {
        let began = Signal()
        let cancelled = Signal()
        let server = server([
            Route(.get, "/endless") { _ in
                began.set()
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
                cancelled.set()
                throw CancellationError()
            }
        ])
        let port = try server.start().port
        let client = try RawClient(port: port)
        await client.send(TestServer.get("/endless"))
        await began.wait()
        await server.shutdown(deadline: .milliseconds(50))
        await cancelled.wait()
        #expect(try await client.receiveAll().isEmpty)
    }

    @Test func namesTheAddressItCannotBind() throws {
        let first = server([])
        let port = try first.start().port
        var configuration = ServerConfiguration()
        configuration.port = port
        let second = WebServer(configuration: configuration, routes: [])
        let error = #expect(throws: SocketError.self) { _ = try second.start() }
        #expect(error.map { "\($0)" }?.contains("127.0.0.1:\(port)") == true)
    }

    @Test func listensOnIPv6() throws {
        var configuration = ServerConfiguration()
        configuration.host = "::1"
        configuration.port = 0
        let server = WebServer(configuration: configuration, routes: [])
        let address = try server.start()
        #expect(address.description == "http://[::1]:\(address.port)")
    }
}
