import Experiments
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
    private let configuration: ServiceConfiguration

    /// A holder whose model is still loading.
    public init(_ configuration: ServiceConfiguration = ServiceConfiguration()) {
        self.configuration = configuration
    }

    /// Makes the model available.
    public func finish(_ model: VisionLanguageModel) {
        state.withLock { $0 = .ready(ResidentModel(model, configuration)) }
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
    let attributor: Attributor
    let images = ImageStore(capacity: 512 << 20)
    let contexts: ContextStore
    let gate: RequestGate
    let costs: CostModel
    let externalJudge: ExternalJudge?
    /// Seconds that one request may be predicted to take.
    let timeBudget: Double?

    var name: String { model.description.name }

    init(_ model: VisionLanguageModel, _ configuration: ServiceConfiguration) {
        self.model = model
        contexts = ContextStore(configuration.contexts)
        gate = RequestGate(limit: configuration.maximumRequests)
        externalJudge = configuration.externalJudge.map(ExternalJudge.init)
        timeBudget = configuration.timeBudget
        let bytes = configuration.cacheBytes ?? InferenceEngine.standardCacheBytes(for: model)
        // A picture's embeddings are some hundredths of its keys and values.
        let pictureBytes = bytes / 8
        engine = InferenceEngine(
            model: model,
            cacheBudget: configuration.memoryBudget,
            prefixBytes: bytes - pictureBytes
        )
        preparer = PromptPreparer(model: model, pictureBytes: pictureBytes, meter: engine.meter)
        costs = CostModel(model: model, cacheBudget: engine.cacheBudget)
        attributor = Attributor(model: model, memory: engine.cacheBudget, meter: engine.meter)
    }
}
