import Foundation
import Testing

@testable import WebServer

@Suite struct StaticFilesTests {
    /// A site on disk that goes when the test does.
    private final class Site {
        let root: URL
        private let base: URL

        init() throws {
            base = FileManager.default.temporaryDirectory.appending(path: "fovea-site-\(UUID().uuidString)")
            root = base.appending(path: "public")
            let files = FileManager.default
            try files.createDirectory(at: root.appending(path: "js"), withIntermediateDirectories: true)
            try Data("<!doctype html>".utf8).write(to: root.appending(path: "index.html"))
            try Data("let a = 1;".utf8).write(to: root.appending(path: "js/app.js"))
            try Data("hidden".utf8).write(to: root.appending(path: ".env"))
            try Data(repeating: 7, count: 400_000).write(to: root.appending(path: "large.png"))
            try Data("secret".utf8).write(to: base.appending(path: "secret.txt"))
            try files.createSymbolicLink(
                at: root.appending(path: "link.txt"),
                withDestinationURL: base.appending(path: "secret.txt")
            )
        }

        deinit { try? FileManager.default.removeItem(at: base) }
    }

    @Test(arguments: [
        ("/", "text/html; charset=utf-8", "<!doctype html>"),
        ("/index.html", "text/html; charset=utf-8", "<!doctype html>"),
        ("/js/app.js?v=1", "text/javascript; charset=utf-8", "let a = 1;"),
        ("/js/%61pp.js", "text/javascript; charset=utf-8", "let a = 1;"),
    ])
    func servesFiles(path: String, type: String, text: String) async throws {
        let site = try Site()
        try await TestServer.with(staticFiles: StaticFiles(root: site.root)) { server in
            let response = try await server.exchange(TestServer.get(path))
            #expect(response.status == 200)
            #expect(response.text == text)
            #expect(response.headers["content-type"] == type)
            #expect(response.headers["content-length"] == "\(text.utf8.count)")
            #expect(response.headers["x-content-type-options"] == "nosniff")
            #expect(response.headers["content-security-policy"]?.contains("default-src 'self'") == true)
        }
        withExtendedLifetime(site) {}
    }

    @Test(arguments: [
        "/.env", "/../secret.txt", "/%2e%2e/secret.txt", "/js/..%2f..%2fsecret.txt", "/js", "/js/", "/link.txt",
        "/none.html", "//etc/passwd", "/%2fetc/passwd", "/js/../index.html",
    ])
    func servesNothingElse(path: String) async throws {
        let site = try Site()
        try await TestServer.with(staticFiles: StaticFiles(root: site.root)) { server in
            let response = try await server.exchange(TestServer.get(path))
            #expect(response.status == 404)
            #expect(response.text.contains("unknown_route"))
        }
        withExtendedLifetime(site) {}
    }

    @Test func answersConditionalRequests() async throws {
        let site = try Site()
        try await TestServer.with(staticFiles: StaticFiles(root: site.root)) { server in
            let tag = try #require(try await server.exchange(TestServer.get("/")).headers["etag"])
            for value in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let same = try await server.exchange(TestServer.get("/", "If-None-Match: \(value)\r\n"))
                #expect(same.status == 304)
                #expect(same.headers["etag"] == tag)
            }
            let other = try await server.exchange(TestServer.get("/", "If-None-Match: \"other\"\r\n"))
            #expect(other.status == 200)
        }
        withExtendedLifetime(site) {}
    }

    @Test func streamsLargeFilesAndKnowsHeadAndOtherMethods() async throws {
        let site = try Site()
        try await TestServer.with(staticFiles: StaticFiles(root: site.root)) { server in
            let large = try await server.exchange(TestServer.get("/large.png"))
            #expect(large.body == Data(repeating: 7, count: 400_000))
            let head = try await server.exchange(TestServer.get("/large.png", method: "HEAD"), method: "HEAD")
            #expect(head.headers["content-length"] == "400000")
            let post = try await server.exchange(TestServer.get("/index.html", method: "POST"))
            #expect(post.status == 405)
            #expect(post.headers["allow"] == "GET, HEAD, OPTIONS")
            let nowhere = try await server.exchange(TestServer.get("/none.html", method: "POST"))
            #expect(nowhere.status == 404)
        }
        withExtendedLifetime(site) {}
    }
}
