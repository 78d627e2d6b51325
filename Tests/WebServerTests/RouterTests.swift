import Foundation
import HTTPCore
import HTTPTypes
import Testing

@testable import WebServer

@Suite struct RouterTests {
    private let router = Router([
        Route(.get, "/") { _ in .text("root") },
        Route(.get, "/v1/images/{id}") { _ in .text("image") },
        Route(.delete, "/v1/images/{id}") { _ in .text("gone") },
        Route(.post, "/v1/contexts/{id}/ask") { _ in .text("answer") },
    ])

    private func describe(_ method: HTTPRequest.Method, _ path: [String]) -> String {
        switch router.match(method, path) {
        case .route(let route, let parameters): "\(route.pattern) \(parameters["id"] ?? "")"
        case .otherMethods(let methods): methods.map(\.rawValue).joined(separator: ",")
        case .none: "none"
        }
    }

    @Test(
        arguments: [
            (.get, [], "/ "), (.head, [], "/ "), (.get, ["v1", "images", "x"], "/v1/images/{id} x"),
            (.get, ["v1", "images", "a/b"], "/v1/images/{id} a/b"),
            (.delete, ["v1", "images", "x"], "/v1/images/{id} x"),
            (.put, ["v1", "images", "x"], "DELETE,GET,HEAD,OPTIONS"), (.get, ["v1", "images", ""], "none"),
            (.get, ["v1", "images"], "none"), (.post, ["v1", "contexts", "7", "ask"], "/v1/contexts/{id}/ask 7"),
            (.get, ["v1", "contexts", "7", "ask"], "OPTIONS,POST"), (.get, ["V1", "images", "x"], "none"),
        ] as [(HTTPRequest.Method, [String], String)]
    )
    func matches(method: HTTPRequest.Method, path: [String], result: String) {
        #expect(describe(method, path) == result)
    }

    @Test func formatsDatesAsTheStandardDoes() {
        #expect(HTTPDate.string(.init(timeIntervalSince1970: 784_111_777)) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
