import Generation
import HTTPCore
import JSON
import Models
import WebServer

/// `POST /v1/chat/completions`: OpenAI's, with interventions.
enum ChatRoute {
    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder)
        let prompt = try await api.prepare(for: .chat)
        return try await answer(try await api.generation(prompt), api: api)
    }

    /// The answer of a run, whole or streamed.
    static func answer(_ generation: GenerationRequest, api: APIRequest) async throws -> ServerResponse {
        var payload = CompletionPayload(api.chat, resident: api.resident)
        payload.resolved = generation.interventions
        let promptTokens = generation.prompt.layout.length
        guard api.chat.streams else {
            let result = try await api.result(of: generation)
            return .json(payload.completion(result, promptTokens: promptTokens).serialized())
        }
        return api.events { [payload] writer in
            try await writer.write(event: payload.roleChunk())
            var isFinished = false
            for await event in api.resident.engine.generate(generation) {
                switch event {
                case .token(let token, let text, _):
                    guard !text.isEmpty || api.chat.logprobs else { continue }
                    try await writer.write(event: payload.contentChunk(text, token: token))
                case .reading: continue
                case .finished(let result, let text):
                    isFinished = true
                    if !text.isEmpty { try await writer.write(event: payload.contentChunk(text, token: nil)) }
                    try await writer.write(event: payload.finishChunk(result, promptTokens: promptTokens))
                    if api.chat.includesUsage {
                        try await writer.write(event: payload.usageChunk(result, promptTokens: promptTokens))
                    }
                }
            }
            guard isFinished else { throw CancellationError() }
        }
    }
}
