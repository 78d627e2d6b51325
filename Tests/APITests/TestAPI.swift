import Foundation
import JSON
import Logging
import Models
import Testing
import WebServer

@testable import API

/// The API over the embedded model, on a port of its own; one server for all tests.
struct TestAPI: Sendable {
    static let model: URL = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/fovea/EmbeddedModel")

    static let shared = Result { try TestAPI() }

    let server: WebServer
    let holder: ModelHolder
    let client: HTTPClient

    /// A server whose model is loaded unless a test wants to see it come.
    init(isLoaded: Bool = true, _ service: ServiceConfiguration = ServiceConfiguration()) throws {
        holder = ModelHolder(service)
        var configuration = ServerConfiguration()
        configuration.port = 0
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let catalog = RouteCatalog(holder)
        server = WebServer(
            configuration: configuration,
            routes: catalog.routes,
            logger: logger,
            observer: catalog.record
        )
        client = HTTPClient(port: try server.start().port)
        if isLoaded { try load() }
    }

    func load() throws {
        holder.finish(try VisionLanguageModel.load(Self.model))
    }

    func post(_ path: String, _ body: JSONValue, headers: [String: String] = [:]) async throws -> HTTPClient.Answer {
        try await client.send("POST", path, body.serialized(), headers: headers)
    }

    /// The JSON of an answer that must be a success.
    func success(_ path: String, _ body: JSONValue) async throws -> JSONValue {
        let answer = try await post(path, body)
        try #require(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
        return try answer.json
    }

    func get(_ path: String) async throws -> HTTPClient.Answer { try await client.send("GET", path) }

    /// What a form answers, written as curl writes it.
    func form(_ path: String, image: Data?, fields: [(String, String)]) async throws -> HTTPClient.Answer {
        let boundary = "------------------------d74496d66958873e"
        var body = Data()
        if let image {
            body += Data("--\(boundary)\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n".utf8)
            body += Data("Content-Type: image/png\r\n\r\n".utf8) + image + Data("\r\n".utf8)
        }
        for (name, value) in fields {
            body += Data("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        body += Data("--\(boundary)--\r\n".utf8)
        let type = "multipart/form-data; boundary=\(boundary)"
        return try await client.send("POST", path, body, headers: ["Content-Type": type])
    }
}

extension JSONValue {
    /// A greedy question about a picture, with more members.
    static func question(
        _ text: String = "describe the image",
        image: JSONValue? = .string(Pictures.first),
        members: [String: JSONValue] = [:]
    ) -> JSONValue {
        var content: [JSONValue] = []
        if let image { content.append(["type": "image_url", "image_url": ["url": image]]) }
        content.append(["type": "text", "text": .string(text)])
        var fields: [String: JSONValue] = [
            "messages": [["role": "user", "content": .array(content)]], "max_tokens": 4,
        ]
        fields.merge(members) { _, new in new }
        return .object(fields)
    }

    /// The element at a path of keys and indices; fails the test where there is none.
    func at(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> JSONValue {
        var value = self
        for step in path.split(separator: ".") {
            let next: JSONValue? =
                if let index = Int(step), let elements = value.array {
                    elements.indices.contains(index) ? elements[index] : nil
                } else {
                    value.object?[String(step)]
                }
            value = try #require(next, "nothing at \(path)", sourceLocation: sourceLocation)
        }
        return value
    }

    /// The sizes of nested arrays.
    var shape: [Int] {
        guard let elements = array else { return [] }
        return [elements.count] + (elements.first?.shape ?? [])
    }
}
