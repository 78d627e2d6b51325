import Synchronization

/// What an engine did so far and what it is doing.
public struct EngineStatistics: Sendable, Equatable {
    /// Prompt positions that were computed.
    public var promptTokens = 0
    /// Prompt positions that were taken from a cache or a baseline.
    public var cachedTokens = 0
    /// Tokens of answers.
    public var generatedTokens = 0
    /// Passes through the decoder.
    public var steps = 0
    /// Rows of all passes.
    public var rows = 0
    /// Runs that ended.
    public var finishedRuns = 0
    /// Runs that were called off.
    public var cancelledRuns = 0
    /// Runs that have not started.
    public var waitingRuns = 0
    /// Runs under way.
    public var activeRuns = 0
    /// Bytes of keys and values that the runs under way may come to.
    public var keyValueBytes = 0
    /// Bytes that keys and values may take.
    public var keyValueBudget = 0
    /// Keys and values kept for prompts that begin like earlier ones.
    public var prefixes = CacheStatistics()
}

/// The statistics on their way from the engine's thread to whoever asks.
final class EngineStatus: Sendable {
    private let state = Mutex(EngineStatistics())

    var current: EngineStatistics { state.withLock { $0 } }

    func publish(_ statistics: EngineStatistics) { state.withLock { $0 = statistics } }
}
