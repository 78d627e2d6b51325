import Foundation
public import Generation
import Imaging
import JSON
public import Models
public import Probing
import Tensors
public import Tokenization

/// The model on which experiments run, and how they ask it: the same prompts, engine and probes that the server uses.
public struct ExperimentBench: Sendable {
    /// What the user decided.
    public let settings: ExperimentSettings
    /// Who runs sequences.
    public let engine: InferenceEngine
    let preparer: PromptPreparer
    private let attributor: Attributor

    /// Bytes of embeddings that are kept, so that a picture that is asked about several times is seen once.
    private static let pictureBytes = 64 << 20

    /// A bench around a model.
    public init(model: VisionLanguageModel, settings: ExperimentSettings) {
        self.settings = settings
        engine = InferenceEngine(model: model)
        preparer = PromptPreparer(model: model, pictureBytes: Self.pictureBytes)
        attributor = Attributor(model: model, memory: engine.cacheBudget)
    }

    /// The model.
    public var model: VisionLanguageModel { engine.model }

    /// The decoder's layers.
    public var depth: Int { model.probeShape.layers }

    /// The model as results name it.
    var modelJSON: JSONValue {
        let about = model.description
        return [
            "name": .string(about.name), "family": .string(about.family), "parameters": .integer(about.parameters),
            "weights": .string(about.format.rawValue), "template": .string(model.template.rawValue),
            "preprocess": .string(model.preprocessor.preprocess.rawValue),
        ]
    }

    /// A question about a picture, perhaps with the beginning of its answer.
    public static func messages(_ question: String, answer: String? = nil) -> [ChatMessage] {
        let user = ChatMessage(role: .user, parts: [.image(0), .text(question)])
        return [user] + (answer.map { [ChatMessage(role: .assistant, text: $0)] } ?? [])
    }

    /// A greedy run that answers `messages` with as many tokens as `maxTokens` and the context allow.
    ///
    /// Throws what makes a prompt impossible, and an error where the picture is not the one that was annotated.
    public func request(
        _ messages: [ChatMessage],
        about picture: ShownPicture,
        maxTokens: Int
    ) async throws -> GenerationRequest {
        let prompt = try await preparer.prepare(messages, images: [picture.image])
        let (seen, known) = (prompt.layout.images[0].geometry, picture.annotated)
        let agrees = seen.originalWidth == known.width && seen.originalHeight == known.height
        guard agrees || known.width == 0 else {
            throw sizeError(known, width: seen.originalWidth, height: seen.originalHeight)
        }
        return try request(prompt, maxTokens: maxTokens)
    }

    /// A greedy run of a prompt with as many tokens as `maxTokens` and the context allow.
    func request(_ prompt: PreparedPrompt, maxTokens: Int) throws -> GenerationRequest {
        let limit = min(maxTokens, try preparer.tokenLimit(prompt, requested: nil))
        let request = GenerationRequest(prompt: prompt, maxTokens: limit)
        try engine.checkMemory(for: request)
        return request
    }

    /// What is wrong with a picture that is not of the size that its annotations are about.
    func sizeError(_ known: AnnotatedPicture, width: Int, height: Int) -> ExperimentError {
        ExperimentError(
            description: "\(known.file) has \(width)x\(height) pixels; its annotations are about a picture of "
                + "\(known.width)x\(known.height)"
        )
    }

    /// The run that answers the user's prompt.
    public func description(of picture: ShownPicture) async throws -> GenerationRequest {
        try await request(Self.messages(settings.prompt), about: picture, maxTokens: settings.maxTokens)
    }

    /// Runs a request to its end.
    public func result(of request: GenerationRequest) async throws -> GenerationResult {
        guard let result = await engine.result(of: request) else { throw CancellationError() }
        return result
    }

    /// Runs some requests together, which shares their steps; results are in the requests' order.
    func results(of requests: [GenerationRequest]) async throws -> [GenerationResult] {
        try await withThrowingTaskGroup(of: (Int, GenerationResult).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, try await result(of: request)) }
            }
            var results = [GenerationResult?](repeating: nil, count: requests.count)
            for try await (index, result) in group { results[index] = result }
            return results.compactMap { $0 }
        }
    }

    /// What a question about an object asks, and when it is answered.
    func task(_ kind: AblationTask.Kind, about object: PlacedObject) -> AblationTask {
        var task = AblationTask(kind, className: object.annotation.className)
        task.matchesSubstrings = settings.quirks.contains(.substrings)
        return task
    }

    /// Interventions on a prompt, by number.
    public func resolve(
        _ interventions: [Intervention],
        on prompt: PreparedPrompt
    ) throws(ProbeError) -> ResolvedInterventions {
        try .resolve(
            interventions,
            paths: interventions.map(\.name),
            in: InterventionContext(
                layout: prompt.layout,
                ids: prompt.ids,
                images: prompt.images,
                model: model
            )
        )
    }

    /// Runs a baseline and its variants.
    public func study(
        _ baseline: GenerationRequest,
        _ variants: [(name: String, interventions: [Intervention])]
    ) async throws -> InterventionStudy.Outcome {
        let planned = try variants.map { variant in
            StudyVariant(
                name: variant.name,
                interventions: try resolve(variant.interventions, on: baseline.prompt)
            )
        }
        return try await InterventionStudy(engine: engine, baseline: baseline, variants: planned).run()
    }

    /// The first token of a word where it continues a conversation; `nil` where it has none.
    public func firstToken(of word: String, in messages: [ChatMessage]) async throws -> Int? {
        try await preparer.continuations([word], of: messages)[0]
    }

    /// The picture's tokens, those first that integrated gradients hold most responsible for the logit of `target` at the
    /// prompt's end (P1); of equals the earlier one. They start at the mean embedding, or at zero where the model has none.
    func rankedByGradients(_ prompt: PreparedPrompt, target: Int) async throws -> [Int] {
        var request = AttributionRequest()
        request.steps = settings.gradientSteps
        if model.meanEmbedding == nil { request.baseline = .zero }
        do {
            return try await attributor.attribution(request, of: prompt, target: target).ranked
        } catch let error as ProbeError {
            throw ExperimentError(description: "\(error); --gradient-steps 0 leaves the sets of gradients out")
        }
    }

    /// The recorded rows that produced a run's tokens, in their order. The row that produced the end token is not among
    /// them.
    static func rows(of result: GenerationResult, promptLength: Int) -> [AttentionRow] {
        result.tokens.indices.compactMap { result.attention[promptLength - 1 + $0] }
    }
}
