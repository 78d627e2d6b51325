import Generation
import Models
import Synchronization

/// How many compressed contexts a server keeps, and for how long.
public struct ContextLimits: Sendable {
    /// Contexts at a time.
    public var count = 64
    /// Bytes of keys and values of all contexts together.
    public var bytes = 1 << 30
    /// How long a context lives that nobody asks.
    public var timeToLive: Duration = .seconds(3600)

    /// 64 contexts of 1 GiB together, for an hour after their last use.
    public init() {}
}

/// Compressed contexts by their names, which cannot be guessed. The least recently used go first where there are too
/// many, and those that nobody has asked for a while.
final class ContextStore: Sendable {
    private struct Entry {
        let context: CompressedContext
        var lastUse: ContinuousClock.Instant
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var bytes = 0
    }

    let limits: ContextLimits
    private let state = Mutex(State())

    init(_ limits: ContextLimits) {
        self.limits = limits
    }

    /// Keeps a context and names it.
    func add(_ context: CompressedContext, now: ContinuousClock.Instant = .now) throws(MemoryError) -> String {
        guard context.cache.byteCount <= limits.bytes else {
            throw MemoryError(needed: context.cache.byteCount, budget: limits.bytes)
        }
        var generator = SystemRandomNumberGenerator()
        let words = (0..<2).map { _ in String(generator.next(), radix: 16) }
        let id = "ctx_" + words.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
        state.withLock { state in
            removeExpired(from: &state, now: now)
            state.entries[id] = Entry(context: context, lastUse: now)
            state.bytes += context.cache.byteCount
            while state.entries.count > limits.count || state.bytes > limits.bytes,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                remove(oldest.key, from: &state)
            }
        }
        return id
    }

    /// The context `id`, which thereby counts as used; `nil` if there is none any more.
    func context(_ id: String, now: ContinuousClock.Instant = .now) -> CompressedContext? {
        state.withLock { state in
            removeExpired(from: &state, now: now)
            state.entries[id]?.lastUse = now
            return state.entries[id]?.context
        }
    }

    /// Forgets a context; whether there was one.
    func remove(_ id: String, now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            removeExpired(from: &state, now: now)
            return remove(id, from: &state)
        }
    }

    // MARK: - Private

    private func removeExpired(from state: inout sending State, now: ContinuousClock.Instant) {
        for (id, entry) in state.entries where now - entry.lastUse >= limits.timeToLive { remove(id, from: &state) }
    }

    @discardableResult
    private func remove(_ id: String, from state: inout sending State) -> Bool {
        guard let entry = state.entries.removeValue(forKey: id) else { return false }
        state.bytes -= entry.context.cache.byteCount
        return true
    }
}
