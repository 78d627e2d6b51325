import Foundation
import HTTPCore
import HTTPTypes
import Synchronization
import Testing
import WebServer

@Suite struct ErrorAnswerTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let method: String
        let path: String
        let status: Int
        let type: String
        let code: String?
        var fields = ""
        var testDescription: String { "\(method) \(path)" }
    }

    static let rows = [
        Row(method: "GET", path: "/nowhere", status: 404, type: "invalid_request_error", code: "unknown_route"),
        Row(method: "GET", path: "/items/", status: 404, type: "invalid_request_error", code: "unknown_route"),
        Row(method: "GET", path: "//health", status: 404, type: "invalid_request_error", code: "unknown_route"),
        Row(method: "PUT", path: "/health", status: 405, type: "invalid_request_error", code: "method_not_allowed"),
        Row(method: "BREW", path: "/echo", status: 405, type: "invalid_request_error", code: "method_not_allowed"),
        Row(method: "GET", path: "/broken", status: 500, type: "server_error", code: "server_error"),
        Row(method: "GET", path: "/busy", status: 429, type: "invalid_request_error", code: "queue_full"),
        Row(method: "GET", path: "/items/%zz", status: 400, type: "invalid_request_error", code: nil),
        Row(method: "GET", path: "/items/%00", status: 400, type: "invalid_request_error", code: nil),
        Row(method: "GET", path: "/items/%ff", status: 400, type: "invalid_request_error", code: nil),
        Row(method: "GET", path: "/query?a=%2", status: 400, type: "invalid_request_error", code: nil),
        Row(
            method: "POST",
            path: "/small",
            status: 415,
            type: "invalid_request_error",
            code: "unsupported_media_type",
            fields: "Content-Type: text/plain\r\n"
        ),
    ]

    @Test(arguments: rows) func areJSONAndKeepTheConnection(row: Row) async throws {
        try await TestServer.with { server in
            let client = try RawClient(port: server.port)
            await client.send(TestServer.get(row.path, row.fields, method: row.method))
            let response = try await client.response()
            #expect(response.status == row.status)
            #expect(response.headers["content-type"] == "application/json")
            let json = try JSONSerialization.jsonObject(with: response.body) as? [String: [String: Any]]
            let error = try #require(json?["error"])
            #expect(Set(error.keys) == ["message", "type", "param", "code"])
            #expect(error["type"] as? String == row.type)
            #expect(error["code"] as? String == row.code)
            #expect((error["message"] as? String)?.isEmpty == false)
            await client.send(TestServer.get("/health"))
            let next = try await client.response()
            #expect(next.status == 200)
        }
    }

    @Test func tellTheMethodsAllowed() async throws {
        try await TestServer.with { server in
            let refused = try await server.exchange(TestServer.get("/health", method: "DELETE"))
            #expect(refused.headers["allow"] == "GET, HEAD, OPTIONS")
            let asked = try await server.exchange(TestServer.get("/echo", method: "OPTIONS"))
            #expect(asked.status == 204)
            #expect(asked.headers["allow"] == "OPTIONS, POST")
            let all = try await server.exchange(TestServer.get("*", method: "OPTIONS"))
            #expect(all.status == 204)
        }
    }

    @Test func carryHeadersOfTheErrorAndNothingOfTheCause() async throws {
        try await TestServer.with { server in
            let busy = try await server.exchange(TestServer.get("/busy"))
            #expect(busy.headers["retry-after"] == "2")
            let broken = try await server.exchange(TestServer.get("/broken"))
            #expect(!broken.text.contains("Cocoa"))
        }
    }

    @Test(arguments: ["/health", "/nowhere", "/broken"])
    func andAnswersEchoTheRequestID(path: String) async throws {
        try await TestServer.with { server in
            let echoed = try await server.exchange(TestServer.get(path, "X-Request-Id: abc-1.2\r\n"))
            #expect(echoed.headers["x-request-id"] == "abc-1.2")
            let made = try await server.exchange(TestServer.get(path))
            #expect(made.headers["x-request-id"]?.hasPrefix("req_") == true)
            let bad = String(repeating: "x", count: 129)
            let replaced = try await server.exchange(TestServer.get(path, "X-Request-Id: \(bad)\r\n"))
            #expect(replaced.headers["x-request-id"]?.hasPrefix("req_") == true)
        }
    }

    @Test func reachTheObserver() async throws {
        let seen = Mutex<[String]>([])
        try await TestServer.with(observer: { summary in
            seen.withLock { $0.append("\(summary.method ?? "-") \(summary.route ?? "-") \(summary.status)") }
        }) { server in
            let client = try RawClient(port: server.port)
            await client.send(TestServer.get("/items/7") + TestServer.get("/nowhere") + "nonsense\r\n")
            _ = try await client.receiveAll()
        }
        #expect(seen.withLock { $0 } == ["GET /items/{id} 200", "GET - 404", "- - 400"])
    }
}
