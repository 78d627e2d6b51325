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

    @Test func aSelectionHoldsItsPositionsAndGoesOnCountingWhereItWas() {
        let chosen = [[0, 7], [3, 63, 64, 99]]
        let whole = filled(100)
        var cache = whole.keeping(chosen)
        #expect(cache.count == 100)
        #expect(cache.selection?.positions == chosen)
        #expect(keys(cache, count: 100) == [3, 63, 64, 99])
        #expect(cache.entries(layer: 0, below: 100) == 2 && cache.entries(layer: 1, below: 103) == 7)
        append(70, value: 5, to: &cache)
        #expect(cache.count == 170)
        #expect(keys(cache, count: 170) == [3, 63, 64, 99] + Array(repeating: 5, count: 70))
        #expect(keys(cache.prefix(101), count: 101) == [3, 63, 64, 99, 5])
        #expect(keys(whole, count: 100) == (0..<100).map { Float($0) })
    }

    @Test func aSelectionOfEverythingHasTheSamePages() {
        let whole = filled(130)
        let cache = whole.keeping([Array(0..<130), Array(0..<130)])
        #expect(cache.byteCount == whole.byteCount)
        #expect(cache.byteCount(growingTo: 200) == whole.byteCount(growingTo: 200))
        let lengths = [whole, cache].map { $0.segments(layer: 0, count: 130).map(\.keys.rows) }
        #expect(lengths[0] == lengths[1])
        #expect(whole.keeping([[], []]).byteCount == 0)
    }

    @Test func editsOverPositionsBecomeEditsOverEntries() {
        let selection = KeyValueSelection(length: 4, positions: [[1, 3], []])
        let edits = AttentionEdits(
            bias: [[0, 1, 2, 3, 4]],
            factor: [[5, 6, 7, 8, 9]],
            biasIndex: [0],
            factorIndex: [0]
        )
        #expect(selection.entries(of: edits, layer: 0).bias == [[1, 3, 4]])
        #expect(selection.entries(of: edits, layer: 0).factor == [[6, 8, 9]])
        #expect(selection.entries(of: edits, layer: 1).bias == [[4]])
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
