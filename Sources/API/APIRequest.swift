import Foundation
import Generation
import JSON
import Probing
import WebServer

/// A model request on its way to the engine: body read, pictures found.
struct APIRequest: Sendable {
    let resident: ResidentModel
    let chat: ChatBody
    let images: [PromptImage]
    /// The media type of the answer.
    let form: AnswerForm
    /// Counts the request among those under way for as long as it is held.
    let place: RequestGate.Place
    /// What the request's baselines attend to, as far as it was asked for.
    let rankings = RankingMemory()

    /// Reads JSON or a form; `extra` are the top-level fields that the route itself reads. `chatBody` turns a body of
    /// another form into the chat body that it stands for. `forms` are the media types in which the route answers.
    static func read(
        _ request: ServerRequest,
        holder: ModelHolder,
        extra: [String: KnownFields] = [:],
        forms: [AnswerForm] = [.json],
        chatBody: @escaping @Sendable (JSONValue) throws -> JSONValue = { $0 }
    ) async throws -> APIRequest {
        let resident = try holder.ready()
        let place = try resident.gate.enter()
        let form = try AnswerForm(request, offered: forms)
        return try await WorkQueue.run {
            let body = try chatBody(try RequestBody.read(request, images: resident.images))
            let chat = try ChatBody(ProbeField(body, path: ""), residentModel: resident.name, extra: extra)
            try form.check(streams: chat.streams)
            let images = try chat.images.map { try ImageSource.resolve($0, store: resident.images) }
            return APIRequest(resident: resident, chat: chat, images: images, form: form, place: place)
        }
    }

    /// The prompt with its pictures seen by the vision tower.
    func prepare() async throws -> PreparedPrompt {
        try await resident.preparer.prepare(chat.messages, images: images)
    }

    /// Where the body's interventions stand in it.
    var interventionPaths: [String] { chat.interventions.indices.map { "interventions[\($0)]" } }

    /// Tokens that the answer may have; `requested` takes the place of the body's own limit.
    func tokenLimit(_ prompt: PreparedPrompt, requested: Int? = nil) throws(PromptError) -> Int {
        try resident.preparer.tokenLimit(
            prompt,
            requested: requested ?? chat.maxTokens,
            parameter: chat.maxTokensField
        )
    }

    /// The run that the body describes, interventions included; `maxTokens` takes the place of the body's own limit
    /// where a route needs no answer. Resolving may run the model: what the body costs must be known to be allowed.
    func generation(_ prompt: PreparedPrompt, maxTokens: Int? = nil) async throws -> GenerationRequest {
        var generation = GenerationRequest(prompt: prompt, maxTokens: try tokenLimit(prompt, requested: maxTokens))
        generation.sampling = chat.sampling
        generation.stop = chat.stop
        generation.topLogProbabilities = chat.topLogprobs
        generation.interventions = try await resolve(chat.interventions, paths: interventionPaths, prompt: prompt)
        return generation
    }

    /// The first token of each word where it continues the prompt; a word without one is an error at its path.
    func firstTokens(_ words: [String], paths: [String]) async throws -> [Int] {
        let ids = try await resident.preparer.continuations(words, of: chat.messages)
        return try zip(zip(words, paths), ids).map { word, id in
            guard let id, !word.0.isEmpty else { throw ProbeError.invalid(word.1, "\"\(word.0)\" has no token") }
            return id
        }
    }
}
