import HTTPTypes
import JSON

/// The OpenAPI 3.1 description of the route catalog.
struct OpenAPIDocument {
    private let entries: [RouteEntry]

    init(_ entries: [RouteEntry]) {
        self.entries = entries
    }

    var json: JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for entry in entries {
            paths[entry.pattern, default: [:]][entry.method.rawValue.lowercased()] = operation(entry)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Fovea",
                "version": "1",
                "description": "What a vision-language model looks at, and what happens when it may not.",
            ],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "schemas": .object(Self.schemas),
                "securitySchemes": ["key": ["type": "http", "scheme": "bearer"]],
            ],
        ]
    }

    // MARK: - Private

    private static let schemas = [
        OpenAPIAnswers.all, OpenAPIAttention.all, OpenAPIEvents.all, OpenAPIParts.all, OpenAPIStudies.all,
    ].reduce(OpenAPISchemas.bodies) { $0.merging($1) { first, _ in first } }

    private func operation(_ entry: RouteEntry) -> JSONValue {
        var fields: [String: JSONValue] = [
            "operationId": .string(Self.identifier(entry)),
            "summary": .string(entry.summary),
            "tags": [.string(entry.tag)],
            "responses": [
                "200": ["description": "Success", "content": Self.content(entry.answer)],
                "default": ["description": "An error", "content": ["application/json": Self.media("Error")]],
            ],
        ]
        let parameters = entry.pattern.split(separator: "/").filter { $0.hasPrefix("{") }
        if !parameters.isEmpty {
            fields["parameters"] = .array(
                parameters.map { name in
                    [
                        "name": .string(String(name.dropFirst().dropLast())), "in": "path", "required": true,
                        "schema": ["type": "string"],
                    ]
                }
            )
        }
        if let body = entry.body { fields["requestBody"] = ["required": true, "content": Self.content(body)] }
        if entry.needsKey { fields["security"] = [[:], ["key": []]] }
        return .object(fields)
    }

    private static func identifier(_ entry: RouteEntry) -> String {
        let words = entry.pattern.split { !$0.isLetter && !$0.isNumber }.filter { $0 != "v1" }
        return ([entry.method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "_")
    }

    private static func content(_ body: RouteEntry.Body) -> JSONValue {
        switch body {
        case .json(let name): ["application/json": media(name)]
        case .jsonOrForm(let name): ["application/json": media(name), "multipart/form-data": media("Form")]
        case .file: ["application/octet-stream": media("File"), "multipart/form-data": media("FileForm")]
        }
    }

    private static func content(_ answer: RouteEntry.Answer) -> JSONValue {
        switch answer {
        case .json(let name, let forms, let streams):
            var content: [String: JSONValue] = [:]
            for form in forms { content[form.rawValue] = form == .json ? media(name) : media("File") }
            if streams { content["text/event-stream"] = ["schema": OpenAPIEvents.stream(of: name)] }
            return .object(content)
        case .file: return ["image/*": media("File")]
        case .text: return ["text/plain": ["schema": ["type": "string"]]]
        }
    }

    private static func media(_ name: String) -> JSONValue { ["schema": OpenAPISchemas.reference(name)] }
}
