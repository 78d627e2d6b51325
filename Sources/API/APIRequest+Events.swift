import Generation
import HTTPCore
import JSON
import Logging
import Models
import Probing
import WebServer

extension APIRequest {
    /// Hears of what happens on the way to an answer, as events.
    typealias Report = (JSONValue) async throws -> Void

    /// The answer that `produce` comes to, as one piece or, if the body asks for a stream, as the last of its events:
    /// `meta` with the layout, what is reported on the way, `result`.
    func answer(
        on layout: PromptLayout,
        _ produce: @escaping @Sendable (Report) async throws -> (fields: [String: JSONValue], arrays: ArrayAnswer)
    ) async throws -> ServerResponse {
        guard chat.streams else {
            let (fields, arrays) = try await produce { _ in }
            return arrays.response(fields)
        }
        return events { writer in
            try await writer.write(event: ["type": "meta", "layout": layout.payload()])
            let (fields, arrays) = try await produce { try await writer.write(event: $0) }
            try await writer.write(event: .object(arrays.complete(fields).merging(["type": "result"]) { $1 }))
        }
    }

    /// The warnings of a route that answers in one piece.
    var warningsUnstreamed: [String] {
        chat.warnings + (chat.streams ? ["stream was ignored: this route answers in one piece"] : [])
    }

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

    /// Runs to the end.
    func result(of run: GenerationRequest) async throws -> GenerationResult {
        guard let result = await resident.engine.result(of: run) else { throw CancellationError() }
        return result
    }

    /// Runs to the end; if the body wants a stream, `report` hears of every token as an event, with what `describe` says
    /// of the recorded row that produced it, and of what a lens reads as `present` puts it.
    func result(
        of run: GenerationRequest,
        _ report: Report,
        describing describe: (AttentionRow) throws -> [String: JSONValue] = { _ in [:] },
        presenting present: (LensReading) -> JSONValue? = { _ in nil }
    ) async throws -> GenerationResult {
        guard chat.streams else { return try await result(of: run) }
        for await event in resident.engine.generate(run) {
            switch event {
            case .token(let token, let text, let row):
                let fields: [String: JSONValue] = [
                    "type": "token", "id": .integer(token.id), "text": .string(text),
                    "logprob": .number(token.logProbability),
                ]
                let described = try row.map(describe) ?? [:]
                try await report(.object(fields.merging(described) { first, _ in first }))
            case .reading(let reading):
                if let event = present(reading) { try await report(event) }
            case .finished(let result, _): return result
            }
        }
        throw CancellationError()
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
