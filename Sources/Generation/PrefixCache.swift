import Models

/// Keys and values of sequences that have run, for those that begin alike; the least recently used go first.
///
/// Entries share pages with each other and with running sequences, so a page counts once however many entries hold it.
struct PrefixCache {
    private struct Entry {
        let key: PromptKey
        let cache: KeyValueCache
        var lastUse: Int
    }

    private(set) var statistics: CacheStatistics
    private var entries: [Entry] = []
    /// Entries that hold a page.
    private var holders: [ObjectIdentifier: Int] = [:]
    private var uses = 0

    /// A cache of at most `limit` bytes; 0 keeps nothing.
    init(limit: Int) {
        statistics = CacheStatistics(limit: limit)
    }

    /// The longest known beginning of `key` within its first `limit` positions; `nil` if not even the first is known.
    mutating func prefix(of key: PromptKey, limit: Int) -> KeyValueCache? {
        guard statistics.limit > 0, limit > 0 else { return nil }
        let common = entries.map { min(limit, $0.key.commonPrefix(key)) }
        guard let best = common.indices.max(by: { common[$0] < common[$1] }), common[best] > 0 else {
            statistics.misses += 1
            return nil
        }
        statistics.hits += 1
        touch(best)
        return entries[best].cache.prefix(common[best])
    }

    /// Keeps the keys and values of `key`, whose positions `cache` holds whole; what is a beginning of another entry
    /// adds nothing.
    mutating func insert(_ key: PromptKey, _ cache: KeyValueCache) {
        guard statistics.limit > 0, key.count > 0 else { return }
        for index in entries.indices.reversed() {
            let common = entries[index].key.commonPrefix(key)
            if common == key.count { return touch(index) }
            if common == entries[index].key.count { remove(index) }
        }
        uses += 1
        let entry = Entry(key: key, cache: cache.prefix(key.count), lastUse: uses)
        for page in entry.cache.pageIdentifiers {
            holders[page, default: 0] += 1
        }
        entries.append(entry)
        update(pageBytes: cache.pageByteCount)
        shrink(to: statistics.limit)
    }

    /// Lets entries go until at most `bytes` are held.
    mutating func shrink(to bytes: Int) {
        while statistics.bytes > max(0, bytes),
            let oldest = entries.indices.min(by: { entries[$0].lastUse < entries[$1].lastUse })
        {
            remove(oldest)
            statistics.evictions += 1
        }
    }

    // MARK: - Private

    private mutating func touch(_ index: Int) {
        uses += 1
        entries[index].lastUse = uses
    }

    private mutating func remove(_ index: Int) {
        let entry = entries.remove(at: index)
        for page in entry.cache.pageIdentifiers {
            guard let count = holders[page] else { continue }
            holders[page] = count > 1 ? count - 1 : nil
        }
        update(pageBytes: entry.cache.pageByteCount)
    }

    private mutating func update(pageBytes: Int) {
        statistics.bytes = holders.count * pageBytes
        statistics.entries = entries.count
    }
}
