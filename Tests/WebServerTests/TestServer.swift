import Foundation
import HTTPCore
import HTTPTypes
import Logging
import Synchronization
import WebServer

/// A real server on a port of its own, for the length of one test body.
struct TestServer: Sendable {
    let port: UInt16

    /// Sends one request on a fresh connection and reads the answer.
    func exchange(_ request: String, method: String = "GET") async throws -> RawClient.Response {
        let client = try RawClient(port: port)
        await client.send(request)
        return try await client.response(to: method)
    }

    /// A plain request with `Host` and, optionally, more fields.
    static func get(_ path: String, _ fields: String = "", method: String = "GET") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n"
    }

    static func with<Value: Sendable>(
        configure: (inout ServerConfiguration) -> Void = { _ in },
        routes: [Route] = TestServer.routes,
        staticFiles: StaticFiles? = nil,
        observer: (@Sendable (ExchangeSummary) -> Void)? = nil,
        _ body: (TestServer) async throws -> Value
    ) async throws -> Value {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configure(&configuration)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = WebServer(
            configuration: configuration,
            routes: routes,
            staticFiles: staticFiles,
            logger: logger,
            observer: observer
        )
        let address = try server.start()
        do {
            let value = try await body(TestServer(port: address.port))
            await server.shutdown(deadline: .zero)
            return value
        } catch {
            await server.shutdown(deadline: .zero)
            throw error
        }
    }

    /// Routes that most tests get by with.
    static let routes: [Route] = [
        Route(.get, "/health", needsKey: false) { _ in .text("ok") },
        Route(.post, "/echo") { .bytes($0.body, contentType: "application/octet-stream") },
        Route(.post, "/small", bodyLimit: 10, contentTypes: ["application/json"]) {
            .bytes($0.body, contentType: "x/y")
        },
        Route(.get, "/items/{id}") { .text($0.pathParameters["id"] ?? "") },
        Route(.get, "/query") { request in
            .text(request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ";"))
        },
        Route(.get, "/broken") { _ in throw CocoaError(.fileNoSuchFile) },
        Route(.get, "/busy") { _ in
            throw HTTPError(status: .tooManyRequests, code: "queue_full", message: "Full", headers: [.retryAfter: "2"])
        },
        Route(.get, "/events") { _ in
            .events { writer in
                for index in 0..<3 { try await writer.write(ServerSentEvent("\(index)")) }
            }
        },
        Route(.get, "/late-error") { _ in
            .events { _ in throw HTTPError.badRequest("Too late?") }
        },
        Route(.get, "/cut") { _ in
            .events { writer in
                try await writer.write(ServerSentEvent("one"))
                throw HTTPError.badRequest("Now it is too late")
            }
        },
    ]
}

/// Something that happens once, awaited without polling.
final class Signal: Sendable {
    private struct State {
        var isSet = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func set() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            state.isSet = true
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isSet = state.withLock { state in
                if !state.isSet { state.waiters.append(continuation) }
                return state.isSet
            }
            if isSet { continuation.resume() }
        }
    }
}
