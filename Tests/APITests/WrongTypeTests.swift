import Foundation
import JSON
import Testing

@testable import API

/// Sends every route what the schema of its body excludes, field by field.
@Suite("Values of the wrong type")
struct WrongTypeTests {
    /// A body that each route answers, of which one field at a time is replaced.
    static let bodies: [String: [String: JSONValue]] = [
        "/v1/chat/completions": [:], "/v1/layout": [:], "/v1/attention": [:],
        "/v1/knockout": ["knockouts": ["img->gen"]], "/v1/ablation": ["object": ["box": [20, 10, 40, 30]]],
        "/v1/activations": ["sites": ["text.final.norm"]], "/v1/logit-lens": ["lens": ["positions": "last"]],
        "/v1/gradients": ["gradients": ["method": "gradient"]],
        "/v1/localize": ["phrase": "The", "box": [20, 10, 40, 30]],
        "/v1/contexts": ["compress": ["select": "norm"]], "/v1/estimate": ["route": "/v1/chat/completions"],
    ]
    static let others: [String: JSONValue] = [
        "/v1/judge": ["reference": "a cat", "candidate": "a dog"], "/v1/tokenize": ["content": "a"],
        "/v1/detokenize": ["tokens": [1]], "/v1/contexts/{id}/ask": ["question": "why?", "max_tokens": 1],
    ]

    @Test("is refused, by name, for every field that the description lists")
    func refused() async throws {
        let api = try TestAPI.shared.get()
        let schemas = Schemas(try await api.get("/openapi.json").json)
        let context = try await api.success("/v1/contexts", .question(members: ["compress": ["select": "norm"]]))
        let id = try #require(try context.at("context_id").string)
        let paths = try schemas.jsonBodies()
        #expect(Set(paths.keys) == Set(Self.bodies.keys).union(Self.others.keys))
        for (path, schema) in paths.sorted(by: { $0.key < $1.key }) {
            let own = Self.bodies[path].map { JSONValue.question(members: $0.merging(["max_tokens": 1]) { $1 }) }
            let base = try #require((own ?? Self.others[path])?.object)
            let url = path.replacingOccurrences(of: "{id}", with: id)
            #expect(try await api.post(url, .object(base)).status == 200 || path == "/v1/localize", "\(path)")
            for (name, property) in try #require(schema["properties"]?.object) {
                for value in schemas.wrong(property) {
                    let answer = try await api.post(url, .object(base.merging([name: value]) { $1 }))
                    let sent = String(decoding: JSONValue.object([name: value]).serialized(), as: UTF8.self)
                    #expect((400..<500).contains(answer.status), "\(path) \(sent): \(answer.status)")
                    guard (400..<500).contains(answer.status) else { continue }
                    let parameter = try answer.json.at("error").object?["param"]?.string ?? ""
                    // A second shape beside the box is too much, whatever it is.
                    let isSecondShape = path == "/v1/localize" && ["polygon", "mask"].contains(name)
                    #expect(parameter.hasPrefix(isSecondShape ? "box" : name), "\(path) \(sent): \(parameter)")
                }
            }
        }
        #expect(try await api.get("/health").status == 200)
    }
}

/// JSON Schema, as far as the description uses it.
private struct Schemas {
    let document: JSONValue

    init(_ document: JSONValue) { self.document = document }

    /// The schemas of JSON bodies by path.
    func jsonBodies() throws -> [String: JSONValue] {
        var result: [String: JSONValue] = [:]
        for (path, operations) in try #require(try document.at("paths").object) {
            let content = operations["post"]?["requestBody"]?["content"]
            if let schema = content?["application/json"]?["schema"] { result[path] = resolved(schema) }
        }
        return result
    }

    /// Values that a schema excludes: of another type, or with an element or a member of another type.
    func wrong(_ schema: JSONValue) -> [JSONValue] {
        let schema = resolved(schema)
        var values = Self.samples.filter { !allows(schema, $0) }
        if let items = schema["items"] { values += wrong(items).prefix(3).map { [$0] } }
        for (name, property) in schema["properties"]?.object ?? [:] {
            values += wrong(property).prefix(3).map { .object([name: $0]) }
        }
        return values
    }

    // MARK: - Private

    private static let samples: [JSONValue] = [true, 7, 0.5, "\u{1}no such word", [true], ["no such member": true]]

    private func resolved(_ schema: JSONValue) -> JSONValue {
        guard let name = schema["$ref"]?.string?.split(separator: "/").last else { return schema }
        return document["components"]?["schemas"]?[String(name)] ?? nil
    }

    /// Whether a value is of a type that a schema names; bounds are not looked at.
    private func allows(_ schema: JSONValue, _ value: JSONValue) -> Bool {
        let schema = resolved(schema)
        if let choices = schema["oneOf"]?.array { return choices.contains { allows($0, value) } }
        if let words = schema["enum"]?.array { return words.contains(value) }
        if let word = schema["const"] { return word == value }
        guard let types = schema["type"]?.array ?? schema["type"].map({ [$0] }) else { return true }
        return types.contains { type in
            switch value {
            case .bool: type == "boolean"
            case .integer: type == "integer" || type == "number"
            case .number: type == "number"
            case .string: type == "string"
            case .array: type == "array"
            case .object: type == "object"
            case .null: true
            }
        }
    }
}
