/// What a cache did so far and what it holds.
public struct CacheStatistics: Sendable, Equatable {
    /// Look-ups that found something.
    public var hits = 0
    /// Look-ups that found nothing.
    public var misses = 0
    /// Entries that went to make room.
    public var evictions = 0
    /// Entries held.
    public var entries = 0
    /// Bytes held.
    public var bytes = 0
    /// Bytes that may be held; 0 is a cache that is turned off.
    public var limit = 0
}
