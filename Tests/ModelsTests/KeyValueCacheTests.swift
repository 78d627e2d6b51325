import Tensors
import Testing

@testable import Models

@Suite struct KeyValueCacheTests {
    @Test func segmentsHoldWhatWasWrittenInAnySteps() {
        for step in [1, 5, 63, 64, 65, 200] {
            let cache = filled(200, step: step)
            #expect(cache.count == 200)
            #expect(keys(cache, count: 200) == (0..<200).map { Float($0) })
            #expect(keys(cache, count: 70) == (0..<70).map { Float($0) })
        }
    }

    @Test func aCopyAndItsOriginalWriteApart() {
        var original = filled(100)
        var copy = original
        append(5, value: -1, to: &copy)
        append(5, value: -2, to: &original)
        #expect(keys(original, count: 105) == (0..<100).map { Float($0) } + Array(repeating: -2, count: 5))
        #expect(keys(copy, count: 105) == (0..<100).map { Float($0) } + Array(repeating: -1, count: 5))
    }

    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 150])
    func aPrefixIsOverwrittenWithoutTouchingItsOrigin(length: Int) {
        let original = filled(150)
        var prefix = original.prefix(length)
        #expect(prefix.count == length)
        #expect(keys(prefix, count: length) == (0..<length).map { Float($0) })
        append(20, value: 9, to: &prefix)
        #expect(keys(prefix, count: length + 20) == (0..<length).map { Float($0) } + Array(repeating: 9, count: 20))
        #expect(keys(original, count: 150) == (0..<150).map { Float($0) })
    }

    @Test func bytesGrowByPages() {
        let page = KeyValueCache.pageLength * 2 * 2 * 4
        #expect(filled(0).byteCount(growingTo: 0) == 0)
        #expect(filled(0).byteCount(growingTo: 1) == 2 * page)
        #expect(filled(0).byteCount(growingTo: 64) == 2 * page)
        #expect(filled(0).byteCount(growingTo: 65) == 4 * page)
        // A whole page is shared; one that is begun is copied on the first write.
        #expect(filled(64).byteCount(growingTo: 65) == 2 * page)
        #expect(filled(63).byteCount(growingTo: 65) == 4 * page)
    }

    /// Two layers of width 2; the key of position p is p, the value -p.
    private func filled(_ count: Int, step: Int = 16) -> KeyValueCache {
        var cache = KeyValueCache(layers: 2, width: 2)
        for start in stride(from: 0, to: count, by: step) {
            write(start..<min(start + step, count), to: &cache) { Float($0) }
        }
        return cache
    }

    private func append(_ count: Int, value: Float, to cache: inout KeyValueCache) {
        write(cache.count..<cache.count + count, to: &cache) { _ in value }
    }

    private func write(_ positions: Range<Int>, to cache: inout KeyValueCache, _ key: (Int) -> Float) {
        let keys = Matrix(rows: positions.count, columns: 2, values: positions.flatMap { [key($0), key($0)] })
        let values = Matrix(rows: positions.count, columns: 2, values: positions.flatMap { [-key($0), -key($0)] })
        for layer in 0..<2 { cache.write(layer: layer, position: positions.lowerBound, keys: keys, values: values) }
        cache.advance(to: positions.upperBound)
    }

    private func keys(_ cache: KeyValueCache, count: Int) -> [Float] {
        let segments = cache.segments(layer: 1, count: count)
        let keys = segments.flatMap { segment in (0..<segment.keys.rows).map { segment.keys[$0, 1] } }
        let values = segments.flatMap { segment in (0..<segment.values.rows).map { segment.values[$0, 0] } }
        #expect(values == keys.map { -$0 })
        return keys
    }
}
