import Generation
import HTTPCore
import HTTPTypes
public import Models
import Synchronization

/// The resident model on its way into memory and once it is there.
public final class ModelHolder: Sendable {
    private enum State {
        case loading
        case ready(ResidentModel)
    }

    private let state = Mutex(State.loading)
    private let maximumRequests: Int
    private let contextLimits: ContextLimits
    private let cacheBytes: Int?

    /// A holder whose model is still loading.
    ///
    /// - Parameters:
    ///   - maximumRequests: model requests under way at a time; further ones are answered 429.
    ///   - contextLimits: compressed contexts to keep.
    ///   - cacheBytes: bytes that answered requests may leave for later ones, keys and values and embeddings together;
    ///     `nil` takes what suits the model, 0 keeps nothing.
    public init(
        maximumRequests: Int = 256,
        contextLimits: ContextLimits = ContextLimits(),
        cacheBytes: Int? = nil
    ) {
        self.maximumRequests = maximumRequests
        self.contextLimits = contextLimits
        self.cacheBytes = cacheBytes
    }

    /// Makes the model available.
    public func finish(_ model: VisionLanguageModel) {
        let resident = ResidentModel(
            model,
            maximumRequests: maximumRequests,
            contextLimits: contextLimits,
            cacheBytes: cacheBytes
        )
        state.withLock { $0 = .ready(resident) }
    }

    /// The model, or 503.
    func ready() throws(HTTPError) -> ResidentModel {
        switch state.withLock({ $0 }) {
        case .ready(let model): return model
        case .loading:
            throw HTTPError(
                status: .serviceUnavailable,
                type: "server_error",
                code: "model_loading",
                message: "The model is still loading; ask again in a few seconds",
                headers: [.retryAfter: "2"]
            )
        }
    }
}

/// A model with what serves it.
final class ResidentModel: Sendable {
    let model: VisionLanguageModel
    let engine: InferenceEngine
    let preparer: PromptPreparer
    let images = ImageStore(capacity: 512 << 20)
    let contexts: ContextStore
    let gate: RequestGate

    var name: String { model.description.name }

    init(_ model: VisionLanguageModel, maximumRequests: Int, contextLimits: ContextLimits, cacheBytes: Int?) {
        self.model = model
        contexts = ContextStore(contextLimits)
        gate = RequestGate(limit: maximumRequests)
        let bytes = cacheBytes ?? InferenceEngine.standardCacheBytes(for: model)
        // A picture's embeddings are some hundredths of its keys and values.
        let pictureBytes = bytes / 8
        engine = InferenceEngine(model: model, prefixBytes: bytes - pictureBytes)
        preparer = PromptPreparer(model: model, pictureBytes: pictureBytes)
    }
}
