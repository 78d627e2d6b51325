public import Experiments

/// What the server's owner decides and no request can.
public struct ServiceConfiguration: Sendable {
    /// Model requests under way at a time; further ones are answered 429.
    public var maximumRequests = 256
    /// Compressed contexts to keep.
    public var contexts = ContextLimits()
    /// Bytes that answered requests may leave for later ones, keys and values and embeddings together; `nil` takes what
    /// suits the model, 0 keeps nothing.
    public var cacheBytes: Int?
    /// Bytes that keys and values of all running requests may take together; `nil` for most of what the machine has left.
    public var memoryBudget: Int?
    /// Who judges when a request asks for the external judge; `nil` for nobody.
    public var externalJudge: ExternalJudge.Configuration?
    /// Seconds that one request may be predicted to take; `nil` for any number.
    public var timeBudget: Double?

    /// 256 requests, no external judge, no budgets but the machine's own.
    public init() {}
}
