public import Models
public import Probing
public import Tensors

/// A prompt that is ready for the decoder: ids, image embeddings and what is where.
public struct PreparedPrompt: Sendable {
    /// What is where.
    public let layout: PromptLayout
    /// Vocabulary id of every position; image positions hold the image token.
    public let ids: [Int]
    /// Projected embeddings of each picture, `[tokens, hidden]`, in prompt order.
    public let images: [Matrix]
    /// Ids of an answer's beginning that the prompt dictates.
    public let answerPrefix: [Int]

    /// A prompt that was put together elsewhere: `ids` and `layout` are of equal length, and there is one matrix for each
    /// of the layout's pictures.
    public init(layout: PromptLayout, ids: [Int], images: [Matrix], answerPrefix: [Int] = []) {
        self.layout = layout
        self.ids = ids
        self.images = images
        self.answerPrefix = answerPrefix
    }
}

/// One sequence to run.
public struct GenerationRequest: Sendable {
    /// The prompt.
    public var prompt: PreparedPrompt
    /// Tokens to produce at most; 0 scores the next token only.
    public var maxTokens: Int
    /// How tokens are chosen.
    public var sampling = SamplingParameters()
    /// Strings that end the answer and are not part of it.
    public var stop: [String] = []
    /// Whether an end token is a token like any other, for answers of a given length.
    public var ignoresEnd = false
    /// Likeliest alternatives reported with every token.
    public var topLogProbabilities = 0
    /// Changes to what the model computes.
    public var interventions = ResolvedInterventions()
    /// Hidden states to read as words.
    public var lens: LensCapture?
    /// States to keep.
    public var states: StateCapture?
    /// Attention to record.
    public var capture: AttentionCapture?
    /// Norms of hidden states to record.
    public var norms: NormCapture?
    /// The cache of a run whose first positions are this run's too; at least the prompt's last position is recomputed.
    public var sharedPrefix: KeyValueCache?
    /// Whether the result carries the prompt's cache.
    public var keepsPromptCache = false
    /// Whether the result carries what variants start from; see `baseline(of:layers:)`.
    var keepsPromptRecord = false
    /// The first position of each layer whose residual states the record is to hold.
    var keptStates: [Int: Int] = [:]
    /// The baseline whose states this run shares up to `joinPoint`.
    var record: PromptRecord?
    var joinPoint = JoinPoint(layer: 0, position: 0)
    /// Whose turn it is when runs wait for a place or for rows.
    public var group = RequestGroup()

    /// A plain greedy run.
    public init(prompt: PreparedPrompt, maxTokens: Int) {
        self.prompt = prompt
        self.maxTokens = maxTokens
    }

    /// Has the run record attention, by default that of its answer on the pictures, mean over heads; returns what was
    /// resolved for a model of `shape`.
    @discardableResult
    public mutating func record(
        _ attention: AttentionRequest = AttentionRequest(),
        shape: ProbeShape
    ) throws(ProbeError) -> AttentionCapture {
        guard sharedPrefix == nil || (!attention.rollsOut && attention.sinks == nil) else {
            throw .unsupported(
                attention.rollsOut ? "attention.rollout" : "attention.exclude_sinks",
                "needs rows of the prompt that another run has computed"
            )
        }
        let resolved = try AttentionCapture(attention, layout: prompt.layout, shape: shape, maxTokens: maxTokens)
        capture = resolved
        return resolved
    }
}

/// A token of an answer.
public struct GeneratedToken: Sendable, Equatable {
    /// The vocabulary id.
    public let id: Int
    /// The text it completed; the texts of all tokens concatenate to the answer.
    public let text: String
    /// Natural-log probability before temperature and filters.
    public let logProbability: Double
    /// The likeliest alternatives, as many as were asked for.
    public let alternatives: [TokenScore]
}

/// Why an answer ended.
public enum FinishReason: String, Sendable {
    /// An end token or a stop string.
    case stop
    /// The token limit.
    case length
}

/// A finished run.
public struct GenerationResult: Sendable {
    /// The answer.
    public let text: String
    /// Its tokens; an end token is not among them.
    public let tokens: [GeneratedToken]
    /// Why it ended.
    public let finishReason: FinishReason
    /// The distribution of the first token.
    public let next: TokenDistribution
    /// Recorded attention by query position.
    public let attention: [Int: AttentionRow]
    /// The sinks that the recorded maps leave out, if they were to.
    public let sinks: SinkRecord?
    /// What the lens read, if there was one.
    public let lens: LensRecord?
    /// Norms of the states that each block read, then of the last one, `[layers + 1][position]`, if they were wanted.
    public let norms: [[Float]]?
    /// The states that were kept, if any were asked for.
    public let states: StateRecord?
    /// The cache of the prompt alone, if the request wanted to keep it.
    public let promptCache: KeyValueCache?
    /// What variants start from, if the request was a baseline.
    public let promptRecord: PromptRecord?
    /// Prompt positions that came from a shared or cached prefix.
    public let cachedTokens: Int
    /// Seconds from the first step to the first token.
    public let promptSeconds: Double
    /// Seconds from the first token to the last.
    public let decodeSeconds: Double
}

/// What a run reports while it goes on.
public enum GenerationEvent: Sendable {
    /// A token; `text` is what may be shown now, which lags behind the token's own when a stop string may be forming, and
    /// `attention` the row that produced it, if that row is recorded.
    case token(GeneratedToken, text: String, attention: AttentionRow?)
    /// What the lens read, as soon as a layer of the prompt or a position of the answer is complete.
    case reading(LensReading)
    /// The end; nothing follows. `text` is what was still held back.
    case finished(GenerationResult, text: String)
}
