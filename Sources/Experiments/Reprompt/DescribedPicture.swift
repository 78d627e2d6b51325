import Generation
import Models
import Probing
import Tokenization

/// A picture that was described once, ready to be asked in any of the ways that are compared.
struct DescribedPicture {
    /// The description.
    let text: String
    private let bench: ExperimentBench
    private let picture: ShownPicture
    private let request: GenerationRequest
    private let result: GenerationResult

    /// Describes a picture, with the attention and the keys and values that are needed later; `nil` if the model says
    /// nothing.
    init?(_ picture: ShownPicture, on bench: ExperimentBench) async throws {
        self.bench = bench
        self.picture = picture
        var request = try await bench.description(of: picture)
        try request.record(shape: bench.model.probeShape)
        request.keepsPromptCache = true
        self.request = request
        result = try await bench.result(of: request)
        text = result.text
        if result.tokens.isEmpty { return nil }
    }

    /// The runs that answer some questions, and how many positions each layer has before a question begins.
    func ask(
        _ questions: [String],
        _ strategy: RepromptStrategy
    ) async throws -> (kept: Int, requests: [GenerationRequest]) {
        let tokens = request.prompt.layout.images[0].positions.count
        guard let compression = strategy.compression(imageTokens: tokens) else {
            return try await askWithoutContext(questions, strategy)
        }
        let context = try ContextCompression(
            compression,
            prompt: request.prompt,
            shape: bench.model.probeShape,
            maxTokens: request.maxTokens
        ).context(of: result)
        var requests: [GenerationRequest] = []
        for question in questions {
            let prompt = try await bench.preparer.prompt(asking: question, after: context.prompt)
            var run = try bench.request(prompt, maxTokens: YesNoAnswer.tokens)
            run.sharedPrefix = context.cache
            requests.append(run)
        }
        return (context.tokensKept, requests)
    }

    // MARK: - Private

    private func askWithoutContext(
        _ questions: [String],
        _ strategy: RepromptStrategy
    ) async throws -> (kept: Int, requests: [GenerationRequest]) {
        var requests: [GenerationRequest] = []
        var kept = 0
        for question in questions {
            let run =
                strategy == .direct
                ? try await bench.request(
                    ExperimentBench.messages(question),
                    about: picture,
                    maxTokens: YesNoAnswer.tokens
                )
                : try bench.request(
                    try await bench.preparer.prepare(
                        [
                            ChatMessage(role: .user, text: bench.settings.prompt),
                            ChatMessage(role: .assistant, text: text), ChatMessage(role: .user, text: question),
                        ],
                        images: []
                    ),
                    maxTokens: YesNoAnswer.tokens
                )
            let layout = run.prompt.layout
            // The question's own words and the cue for its answer do not count.
            kept = layout.tokens.first { $0.kind == .question }?.position ?? layout.length
            requests.append(run)
        }
        return (kept, requests)
    }
}
