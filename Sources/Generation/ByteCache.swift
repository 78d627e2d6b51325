/// Values by key within a limit of bytes; the least recently used go first.
struct ByteCache<Key: Hashable, Value> {
    private struct Entry {
        let value: Value
        let bytes: Int
        var lastUse: Int
    }

    private(set) var statistics: CacheStatistics
    private var entries: [Key: Entry] = [:]
    private var uses = 0

    /// A cache of at most `limit` bytes; 0 keeps nothing.
    init(limit: Int) {
        statistics = CacheStatistics(limit: limit)
    }

    /// The value of `key`, which thereby counts as used.
    mutating func value(_ key: Key) -> Value? {
        guard let value = entries[key]?.value else {
            statistics.misses += 1
            return nil
        }
        statistics.hits += 1
        uses += 1
        entries[key]?.lastUse = uses
        return value
    }

    /// The value of `key`, without a mark of its use.
    func peek(_ key: Key) -> Value? { entries[key]?.value }

    /// Keeps a value, unless it alone is larger than the limit.
    mutating func insert(_ value: Value, bytes: Int, for key: Key) {
        guard bytes <= statistics.limit else { return }
        remove(key)
        while statistics.bytes + bytes > statistics.limit,
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
        {
            remove(oldest)
            statistics.evictions += 1
        }
        uses += 1
        entries[key] = Entry(value: value, bytes: bytes, lastUse: uses)
        statistics.bytes += bytes
        statistics.entries = entries.count
    }

    // MARK: - Private

    private mutating func remove(_ key: Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        statistics.bytes -= entry.bytes
        statistics.entries = entries.count
    }
}
