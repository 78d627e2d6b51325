import Tensors
import Testing

@testable import Generation
@testable import Models

private let shape = KeyValueShape(heads: 1, headDim: 4, format: .f32)
private let compute = Compute(threads: 1)

@Suite struct PrefixCacheTests {
    /// Bytes of a page of one layer of the caches below.
    private let page = shape.byteCount(positions: KeyValueCache.pageLength)

    @Test func theLongestCommonPrefixIsFound() {
        var prefixes = PrefixCache(limit: 1 << 20)
        prefixes.insert(key([1, 2, 3, 4]), cache(4))
        prefixes.insert(key([1, 2, 9, 9, 9]), cache(5))
        #expect(prefixes.prefix(of: key([1, 2, 9, 9, 7]), limit: 100)?.count == 4)
        #expect(prefixes.prefix(of: key([1, 2, 3, 7]), limit: 100)?.count == 3)
        #expect(prefixes.prefix(of: key([1, 2, 3, 7]), limit: 2)?.count == 2)
        #expect(prefixes.prefix(of: key([5]), limit: 100) == nil)
        #expect(prefixes.prefix(of: key([1]), limit: 0) == nil)
        #expect(prefixes.statistics.hits == 3 && prefixes.statistics.misses == 1)
    }

    @Test func theSameTokensWithAnotherPictureAreNoMatch() {
        let ids = [1, 0, 0, 0, 2, 3]
        let picture = Matrix(rows: 3, columns: 2, values: [1, 2, 3, 4, 5, 6])
        let copy = Matrix(rows: 3, columns: 2, values: picture.values)
        let other = Matrix(rows: 3, columns: 2, values: [1, 2, 3, 4, 5, 7])
        let first = key(ids, [(1..<4, picture)])
        #expect(first.commonPrefix(key(ids, [(1..<4, picture)])) == 6)
        #expect(first.commonPrefix(key(ids, [(1..<4, copy)])) == 6, "the bits decide, not where they lie")
        #expect(first.commonPrefix(key(ids, [(1..<4, other)])) == 3, "two rows of the pictures are the same")
        #expect(first.commonPrefix(key(ids)) == 1, "tokens that stand for no picture")
        #expect(key(ids).commonPrefix(first) == 1)
        #expect(first.commonPrefix(key([1, 0, 0, 0, 2], [(1..<3, picture)])) == 1)
        #expect(first.prefix(1).images.isEmpty)
    }

    @Test func anEntryThatGrowsReplacesItsBeginning() {
        var prefixes = PrefixCache(limit: 1 << 20)
        let short = cache(3)
        prefixes.insert(key([1, 2, 3]), short)
        prefixes.insert(key([1, 2, 3, 4]), cache(4))
        #expect(prefixes.statistics.entries == 1)
        prefixes.insert(key([1, 2]), cache(2))
        #expect(prefixes.statistics.entries == 1, "a beginning adds nothing")
        #expect(prefixes.prefix(of: key([1, 2, 3, 4, 5]), limit: 9)?.count == 4)
    }

    @Test func aSharedPageCountsOnce() {
        var prefixes = PrefixCache(limit: 1 << 20)
        let long = cache(KeyValueCache.pageLength * 2)
        let ids = Array(0..<KeyValueCache.pageLength)
        prefixes.insert(key(ids + Array(repeating: 500, count: KeyValueCache.pageLength)), long)
        #expect(prefixes.statistics.bytes == 4 * page)
        var fork = long.prefix(KeyValueCache.pageLength)
        fork.fill(to: KeyValueCache.pageLength * 2)
        prefixes.insert(key(ids + Array(repeating: 600, count: KeyValueCache.pageLength)), fork)
        #expect(prefixes.statistics.entries == 2)
        #expect(prefixes.statistics.bytes == 6 * page)
        prefixes.shrink(to: 5 * page)
        #expect(prefixes.statistics.entries == 1 && prefixes.statistics.bytes == 4 * page)
    }

    @Test func theLeastRecentlyUsedGoesFirstUnderTheLimit() {
        var prefixes = PrefixCache(limit: 4 * page)
        prefixes.insert(key([1, 1]), cache(2))
        prefixes.insert(key([2, 2]), cache(2))
        #expect(prefixes.prefix(of: key([1, 1, 5]), limit: 9) != nil)
        prefixes.insert(key([3, 3]), cache(2))
        #expect(prefixes.statistics.bytes <= 4 * page && prefixes.statistics.evictions == 1)
        #expect(prefixes.prefix(of: key([2, 2, 5]), limit: 9) == nil)
        #expect(prefixes.prefix(of: key([1, 1, 5]), limit: 9) != nil)
        prefixes.shrink(to: 0)
        #expect(prefixes.statistics.entries == 0 && prefixes.statistics.bytes == 0)
    }

    @Test func withoutALimitNothingIsKept() {
        var prefixes = PrefixCache(limit: 0)
        prefixes.insert(key([1, 2]), cache(2))
        #expect(prefixes.prefix(of: key([1, 2]), limit: 9) == nil)
        #expect(prefixes.statistics == CacheStatistics())
    }

    private func key(_ ids: [Int], _ images: [(positions: Range<Int>, embeddings: Matrix)] = []) -> PromptKey {
        PromptKey(ids: ids, images: images)
    }

    private func cache(_ positions: Int) -> KeyValueCache {
        var cache = KeyValueCache(layers: 2, shape: shape)
        cache.fill(to: positions)
        return cache
    }
}

extension KeyValueCache {
    /// Goes on to `end` positions.
    fileprivate mutating func fill(to end: Int) {
        let rows = Matrix(rows: end - count, columns: 4)
        for layer in 0..<2 { write(layer: layer, position: count, keys: rows, values: rows, compute: compute) }
        advance(to: end)
    }
}
