import Foundation
import JSON
import Testing

/// What the server answers is what `/openapi.json` says that it answers.
@Suite("The description and the answers")
struct ContractTests {
    private let api: TestAPI
    private let paths: [String: JSONValue]
    private let validator: SchemaValidator

    init() async throws {
        api = try TestAPI.shared.get()
        let document = try await api.get("/openapi.json").json
        paths = try #require(try document.at("paths").object)
        validator = SchemaValidator(schemas: try #require(try document.at("components.schemas").object))
    }

    @Test("every operation answers in the form that is described, and nothing beyond it")
    func answers() async throws {
        for example in try await examples() {
            let answer = try await api.client.send(
                example.method,
                example.path,
                example.body?.serialized() ?? Data()
            )
            let text = String(decoding: answer.body.prefix(500), as: UTF8.self)
            #expect(answer.status == 200, "\(example.operation): \(text)")
            let content = try content(of: example.operation)
            guard let schema = content["application/json"]?["schema"] else {
                let type = try #require(answer.headers["content-type"])
                let described = content.keys.contains {
                    $0 == "image/*" ? type.hasPrefix("image/") : type.hasPrefix($0)
                }
                #expect(described, "\(example.operation) answers \(type)")
                continue
            }
            let json = try answer.json
            let faults = validator.faults(json, schema)
            #expect(faults.isEmpty, "\(example.operation): \(faults.prefix(8).joined(separator: "; "))")
            // What acts on a whole run is told with what it resolved to.
            let changes = example.body?["interventions"] != nil
            #expect((json["resolved"] != nil) == changes, "\(example.operation)")
        }
    }

    @Test("every operation has an example")
    func isComplete() async throws {
        let described = paths.flatMap { path, methods in (methods.object ?? [:]).keys.map { "\($0) \(path)" } }
        // Pictures are bytes, not JSON; `ServiceTests` sends them.
        let shown = try await examples().map(\.operation) + ["post /v1/images"]
        #expect(Set(described) == Set(shown))
    }

    @Test("the bodies that are sent are those that are described")
    func requests() async throws {
        for example in try await examples() {
            guard let body = example.body, example.operation != "post /v1/tokenize" else { continue }
            let schema = try operation(example.operation).at("requestBody.content").object?["application/json"]?[
                "schema"
            ]
            let faults = validator.faults(body, try #require(schema, "\(example.operation) takes no JSON"))
            // What can be estimated are the bodies of the other routes; those have examples of their own.
            let own = example.operation == "post /v1/estimate" ? faults.filter { !$0.contains("knockouts") } : faults
            #expect(own.isEmpty, "\(example.operation): \(own.prefix(8).joined(separator: "; "))")
        }
    }

    @Test("a stream ends in the whole answer")
    func streams() async throws {
        for example in try await examples() where example.body?["messages"] != nil {
            let content = try content(of: example.operation)
            guard content.keys.contains("text/event-stream"), example.operation != "post /v1/chat/completions",
                let schema = content["application/json"]?["schema"], var fields = example.body?.object
            else { continue }
            let whole = try await api.success(example.path, .object(fields))
            fields["stream"] = true
            let answer = try await api.post(example.path, .object(fields))
            #expect(answer.headers["content-type"]?.hasPrefix("text/event-stream") == true)
            #expect(answer.events.last == "[DONE]", "\(example.operation)")
            try expectDescribed(answer.events, by: content, of: example.operation)
            let events = try answer.events.dropLast().map { try JSONValue(parsing: Data($0.utf8)) }
            let types = events.map { $0["type"]?.string ?? "none" }
            #expect(types.first == "meta" && types.last == "result", "\(example.operation): \(types)")
            let known: Set = ["token", "progress", "variant"]
            #expect(known.isSuperset(of: types.dropFirst().dropLast()), "\(example.operation): \(types)")
            var result = try #require(events.last?.object)
            result["type"] = nil
            let faults = validator.faults(.object(result), schema)
            #expect(faults.isEmpty, "\(example.operation): \(faults.prefix(8).joined(separator: "; "))")
            #expect(timeless(.object(result)) == timeless(whole), "\(example.operation)")
        }
    }

    @Test("a chat's stream is made of the chunks that are described")
    func chunks() async throws {
        for example in try await examples()
        where example.operation.hasSuffix("completions") || example.path.hasSuffix("ask") {
            var fields = try #require(example.body?.object)
            fields.merge(["stream": true, "stream_options": ["include_usage": true], "typo": 1]) { $1 }
            let answer = try await api.post(example.path, .object(fields))
            try expectDescribed(answer.events, by: try content(of: example.operation), of: example.operation)
            #expect(answer.events.last == "[DONE]" && answer.events.count > 4)
        }
    }

    @Test("every operation refuses in the one form of an error, and the wrong method with those that there are")
    func errors() async throws {
        let schema = try #require(validator.schemas["Error"])
        for (pattern, methods) in paths {
            let path = pattern.replacingOccurrences(of: "{id}", with: "none")
            let known = Set((methods.object ?? [:]).keys.map { $0.uppercased() })
            let wrong = try #require(["POST", "GET", "PUT"].first { !known.contains($0) })
            let unsent = Data((wrong == "POST" ? "{}" : "").utf8)
            var answers = [(try await api.client.send(wrong, path, unsent), 405...405)]
            let allowed = answers[0].0.headers["allow"]?.split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            #expect(known.isSubset(of: allowed ?? []), "\(pattern): \(allowed ?? [])")
            if known.contains("POST") {
                for body in ["{", "[]", "{\"messages\":3,\"content\":3,\"tokens\":3,\"reference\":3}"] {
                    answers.append((try await api.client.send("POST", path, Data(body.utf8)), 400...404))
                }
                let type = ["Content-Type": "text/csv"]
                let refused = pattern == "/v1/images" ? 400...400 : 415...415
                answers.append((try await api.client.send("POST", path, Data("a,b".utf8), headers: type), refused))
            }
            for (answer, statuses) in answers {
                let text = String(decoding: answer.body.prefix(300), as: UTF8.self)
                #expect(statuses.contains(answer.status), "\(pattern): \(answer.status) \(text)")
                #expect(validator.faults(try answer.json, schema).isEmpty, "\(pattern): \(text)")
                #expect(answer.headers["x-request-id"] != nil)
            }
        }
    }

    @Test("the validator sees what is wrong")
    func validation() {
        let schema: JSONValue = [
            "type": "object", "required": ["a"],
            "properties": [
                "a": ["type": "integer", "minimum": 0], "b": ["oneOf": [["type": "string"], ["type": "null"]]],
                "c": ["type": "array", "minItems": 1, "items": ["enum": ["x", "y"]]],
                "d": ["type": "object", "additionalProperties": ["const": 1]], "e": ["unheard-of": true],
                "g": [
                    "allOf": [
                        ["properties": ["x": ["const": 1]], "required": ["x"]],
                        ["properties": ["y": ["const": 2]], "required": ["y"]],
                    ]
                ],
                "h": ["type": "string", "contentMediaType": "application/json", "contentSchema": ["type": "string"]],
            ],
        ]
        let valid: [JSONValue] = [
            ["a": 0], ["a": 1, "b": nil, "c": ["x", "y"], "d": ["q": 1]],
            ["a": 1, "g": ["x": 1, "y": 2], "h": "\"x\""],
        ]
        for value in valid { #expect(validator.faults(value, schema) == [], "\(value)") }
        let wrong: [(JSONValue, String)] = [
            (3, "$"), ([:], "$.a"), (["a": -1], "$.a"), (["a": 0.5], "$.a"), (["a": 1, "b": 3], "$.b"),
            (["a": 1, "c": []], "$.c"), (["a": 1, "c": ["x", "z"]], "$.c[1]"), (["a": 1, "d": ["q": 2]], "$.d.q"),
            (["a": 1, "e": 1], "$.e"), (["a": 1, "f": 1], "$.f"), (["a": 1, "g": ["x": 1]], "$.g.y"),
            (["a": 1, "g": ["x": 1, "y": 2, "z": 3]], "$.g.z"), (["a": 1, "h": "{"], "$.h"),
            (["a": 1, "h": "3"], "$.h"),
        ]
        for (value, path) in wrong {
            let faults = validator.faults(value, schema)
            #expect(faults.first?.hasPrefix(path) == true, "\(value): \(faults)")
        }
    }

    // MARK: - Private

    /// A stream's events, each as a member `data`, are those of the description.
    private func expectDescribed(
        _ events: [String],
        by content: [String: JSONValue],
        of operation: String
    ) throws {
        let schema = try #require(content["text/event-stream"]?["schema"])
        let stream = JSONValue.array(events.map { ["data": .string($0)] })
        let faults = validator.faults(stream, schema)
        #expect(faults.isEmpty, "\(operation): \(faults.prefix(8).joined(separator: "; "))")
    }

    private func operation(_ name: String) throws -> JSONValue {
        let parts = name.split(separator: " ").map(String.init)
        return try #require(paths[parts[1]]?[parts[0]], "\(name) is not described")
    }

    private func content(of name: String) throws -> [String: JSONValue] {
        try #require(try operation(name).at("responses.200.content").object)
    }

    private func examples() async throws -> [ContractExample] {
        func context() async throws -> String {
            let body = JSONValue.question(members: ["max_tokens": 1])
            return try #require(try await api.success("/v1/contexts", body).at("context_id").string)
        }
        let image = try await api.client.send("POST", "/v1/images", Pictures.firstFile)
        let kept = try image.json
        #expect(validator.faults(kept, try #require(validator.schemas["ImageInfo"])).isEmpty)
        return ContractExample.all(
            context: try await context(),
            doomed: try await context(),
            image: try #require(try kept.at("image_id").string),
            model: "fovea-scenes"
        )
    }

    /// The answer without what differs from run to run.
    private func timeless(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let fields):
            let passing: Set = ["timings", "usage", "seconds", "id", "created", "context_id"]
            return .object(
                fields.filter { !passing.contains($0.key) || $0.value.integer != nil && $0.key == "id" }
                    .mapValues(timeless)
            )
        case .array(let elements): return .array(elements.map(timeless))
        default: return value
        }
    }
}
