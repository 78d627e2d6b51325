import Foundation
import HTTPCore
import HTTPTypes
import Testing

@testable import WebServer

@Suite struct PolicyTests {
    @Test(arguments: [
        ("localhost", true), ("LOCALHOST:8080", true), ("app.localhost", true), ("localhost.", true),
        ("127.0.0.1:1", true), ("127.9.9.9", true), ("[::1]:80", true), ("fovea.example", true),
        ("evil.example", false), ("localhost.evil.example", false), ("127.0.0.1.evil.example", false),
        ("10.0.0.1", false), ("[fe80::1]", false), ("", false), ("127.evil", false),
    ])
    func allowsLoopbackAndConfiguredHosts(host: String, isAllowed: Bool) {
        let policy = HostPolicy(boundHost: "127.0.0.1", allowedHosts: ["Fovea.example"])
        #expect(policy.allows(host) == isAllowed)
    }

    @Test(arguments: [("10.0.0.1:80", true), ("[fe80::1]", true), ("evil.example", false), ("localhost", true)])
    func allowsAnyAddressWhenBoundToAll(host: String, isAllowed: Bool) {
        #expect(HostPolicy(boundHost: "0.0.0.0", allowedHosts: []).allows(host) == isAllowed)
    }

    @Test func allowsEverythingOnRequest() {
        #expect(HostPolicy(boundHost: "127.0.0.1", allowedHosts: ["*"]).allows("evil.example"))
        #expect(HostPolicy(boundHost: "192.0.2.7", allowedHosts: []).allows("192.0.2.7:8080"))
        #expect(HostPolicy(boundHost: "127.0.0.1", allowedHosts: []).allows(nil))
    }

    @Test func refusesForeignHostsOverTheWire() async throws {
        try await TestServer.with { server in
            let refused = try await server.exchange("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            #expect(refused.status == 403)
            #expect(refused.text.contains("host_not_allowed"))
            // An absolute target counts before Host (RFC 9112 §3.2.2).
            let target = "GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let absolute = try await server.exchange(target)
            #expect(absolute.status == 403)
            let allowed = try await server.exchange("GET http://localhost/health HTTP/1.1\r\nHost: x.example\r\n\r\n")
            #expect(allowed.status == 200)
        }
    }

    @Test(
        arguments: [
            (nil, false), ("Bearer secret", true), ("bearer secret", true), ("Bearer secre", false),
            ("Bearer secrets", false), ("Bearer", false), ("Basic secret", false), ("Bearer ", false),
        ] as [(String?, Bool)]
    )
    func asksForTheKey(authorization: String?, isAllowed: Bool) async throws {
        try await TestServer.with(configure: { $0.apiKey = "secret" }) { server in
            let field = authorization.map { "Authorization: \($0)\r\n" } ?? ""
            let response = try await server.exchange(TestServer.get("/items/1", field))
            #expect(response.status == (isAllowed ? 200 : 401))
            #expect(response.headers["www-authenticate"] == (isAllowed ? nil : "Bearer"))
            #expect(response.text.contains("invalid_api_key") != isAllowed)
            let health = try await server.exchange(TestServer.get("/health", field))
            #expect(health.status == 200)
        }
    }

    @Test func ignoresAuthorizationWithoutAKey() async throws {
        try await TestServer.with { server in
            let response = try await server.exchange(TestServer.get("/items/1", "Authorization: Bearer x\r\n"))
            #expect(response.status == 200)
        }
    }

    @Test func addsNoCrossOriginFieldsUnlessConfigured() async throws {
        try await TestServer.with { server in
            let response = try await server.exchange(TestServer.get("/health", "Origin: https://a.example\r\n"))
            #expect(response.headers["access-control-allow-origin"] == nil)
        }
    }

    @Test func letsConfiguredOriginsIn() async throws {
        try await TestServer.with(configure: { $0.allowedOrigins = ["https://a.example"] }) { server in
            let allowed = try await server.exchange(TestServer.get("/nowhere", "Origin: https://a.example\r\n"))
            #expect(allowed.headers["access-control-allow-origin"] == "https://a.example")
            #expect(allowed.headers["vary"] == "Origin")
            let other = try await server.exchange(TestServer.get("/health", "Origin: https://b.example\r\n"))
            #expect(other.headers["access-control-allow-origin"] == nil)
            let fields =
                "Origin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n"
                + "Access-Control-Request-Headers: content-type\r\n"
            let preflight = try await server.exchange(TestServer.get("/echo", fields, method: "OPTIONS"))
            #expect(preflight.status == 204)
            #expect(preflight.headers["access-control-allow-methods"] == "OPTIONS, POST")
            #expect(preflight.headers["access-control-allow-headers"] == "content-type")
        }
    }
}
