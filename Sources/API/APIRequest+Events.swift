import HTTPCore
import JSON
import Logging
import WebServer

extension APIRequest {
    /// A stream of events, ended by `[DONE]`; what fails after the first event becomes an event of its own.
    func events(_ produce: @escaping @Sendable (ResponseWriter) async throws -> Void) -> ServerResponse {
        .events { writer in
            do {
                try await withExtendedPlace { try await produce(writer) }
            } catch {
                if error is ConnectionGone || Task.isCancelled { throw error }
                try await writer.write(event: APIError.event(for: error))
            }
            try await writer.write(ServerSentEvent("[DONE]"))
        }
    }

    /// Keeps the request's place until `body` ends.
    private func withExtendedPlace(_ body: () async throws -> Void) async throws {
        defer { withExtendedLifetime(place) {} }
        try await body()
    }
}

extension APIError {
    /// `{"type":"error","error":{…}}`, which OpenAI's clients raise too.
    static func event(for error: any Error) -> JSONValue {
        let known = answer(to: error) as? HTTPError
        if known == nil { Logger(label: "fovea.api").error("stream failed", metadata: ["error": "\(error)"]) }
        let error = known ?? .serverError()
        return [
            "type": "error",
            "error": [
                "message": .string(error.message), "type": .string(error.type),
                "param": error.parameter.map { .string($0) } ?? nil, "code": error.code.map { .string($0) } ?? nil,
            ],
        ]
    }
}

extension ResponseWriter {
    /// Sends a value as one event.
    func write(event value: JSONValue) async throws {
        try await write(ServerSentEvent(String(decoding: value.serialized(), as: UTF8.self)))
    }
}

extension [String: JSONValue] {
    /// Adds the `warnings` member where there is something to warn about.
    mutating func add(warnings: [String]) {
        if !warnings.isEmpty { self["warnings"] = .array(warnings.map { .string($0) }) }
    }
}
