import Tensors
import Testing

@testable import Models

private let compute = Compute(threads: 2)

@Suite struct KeyValueCacheTests {
    static let formats = [KeyValueFormat.f32, .bf16]

    @Test(arguments: formats) func pagesHoldWhatWasWrittenInAnySteps(format: KeyValueFormat) {
        for step in [1, 5, 63, 64, 65, 200] {
            let cache = filled(200, format, step: step)
            #expect(cache.count == 200)
            #expect(keys(cache, count: 200) == (0..<200).map { Float($0) })
            #expect(keys(cache, count: 70) == (0..<70).map { Float($0) })
        }
    }

    @Test(arguments: [99, 100], formats) func aCopyAndItsOriginalWriteApart(length: Int, format: KeyValueFormat) {
        var original = filled(length, format)
        var copy = original
        append(5, value: -1, to: &copy)
        append(5, value: -2, to: &original)
        let start = (0..<length).map { Float($0) }
        #expect(keys(original, count: length + 5) == start + Array(repeating: -2, count: 5))
        #expect(keys(copy, count: length + 5) == start + Array(repeating: -1, count: 5))
    }

    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 150], formats)
    func aPrefixIsOverwrittenWithoutTouchingItsOrigin(length: Int, format: KeyValueFormat) {
        let original = filled(150, format)
        var prefix = original.prefix(length)
        #expect(prefix.count == length)
        #expect(keys(prefix, count: length) == (0..<length).map { Float($0) })
        append(20, value: 9, to: &prefix)
        #expect(keys(prefix, count: length + 20) == (0..<length).map { Float($0) } + Array(repeating: 9, count: 20))
        #expect(keys(original, count: 150) == (0..<150).map { Float($0) })
    }

    @Test func bytesGrowByPages() {
        let page = shape(.bf16).byteCount(positions: KeyValueCache.pageLength)
        #expect(filled(0).byteCount(growingTo: 0) == 0)
        #expect(filled(0).byteCount(growingTo: 1) == 2 * page)
        #expect(filled(0).byteCount(growingTo: 64) == 2 * page)
        #expect(filled(0).byteCount(growingTo: 65) == 4 * page)
        // A whole page is shared; one that is begun is copied on the first write.
        #expect(filled(64).byteCount(growingTo: 65) == 2 * page)
        #expect(filled(63).byteCount(growingTo: 65) == 4 * page)
    }

    @Test(arguments: formats)
    func aSelectionHoldsItsPositionsAndGoesOnCountingWhereItWas(format: KeyValueFormat) {
        let chosen = [[0, 7], [3, 63, 64, 99]]
        let whole = filled(100, format)
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
        #expect(keys(cache, count: 130) == keys(whole, count: 130))
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

    private func shape(_ format: KeyValueFormat) -> KeyValueShape {
        KeyValueShape(heads: 1, headDim: 2, format: format)
    }

    /// Two layers of width 2; the key of position p is p, the value -p: exact in either format.
    private func filled(_ count: Int, _ format: KeyValueFormat = .bf16, step: Int = 16) -> KeyValueCache {
        var cache = KeyValueCache(layers: 2, shape: shape(format))
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
        for layer in 0..<2 {
            cache.write(layer: layer, position: positions.lowerBound, keys: keys, values: values, compute: compute)
        }
        cache.advance(to: positions.upperBound)
    }

    private func keys(_ cache: KeyValueCache, count: Int) -> [Float] {
        let entries = 0..<cache.entries(layer: 1, below: count)
        let pages = cache.pages(layer: 1)
        let length = KeyValueCache.pageLength
        let keys = entries.map { pages[$0 / length].key($0 % length)[1] }
        let values = entries.map { pages[$0 / length].value($0 % length)[0] }
        #expect(values == keys.map { -$0 })
        return keys
    }
}
