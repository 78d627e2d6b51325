internal import CKernels

/// Rows of one group that a task attends with; the rows of `captured` report their pattern.
struct AttentionBlock {
    let group: Int
    /// Counted from the first row of the group.
    let rows: Range<Int>
    /// Where each captured row's [heads][keys] floats start in the batch's memory, by row.
    let captured: [Int: Int]
}

/// Blocks that run together because their patterns fit in memory.
struct AttentionBatch: Sendable {
    fileprivate(set) var blocks: [AttentionBlock] = []
    fileprivate(set) var patternCount = 0
}

/// Unchecked because of the pointer: each task writes the rows of its own block and heads.
struct PatternMemory: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
}

/// One call of `attention`, cut into blocks.
///
/// Unchecked because groups hold sinks: those are called by the calling thread alone.
struct AttentionWork: @unchecked Sendable {
    let queries: Matrix
    let context: Matrix
    let shape: AttentionShape
    private let groups: [AttentionGroup]
    private let edits: [EditVectors]

    /// Floats of patterns held at a time: 64 MB.
    private static let patternBudget = 16 << 20

    init(queries: Matrix, context: Matrix, shape: AttentionShape, groups: [AttentionGroup]) {
        self.queries = queries
        self.context = context
        self.shape = shape
        self.groups = groups
        edits = groups.map { EditVectors($0.edits, keys: $0.keyCount) }
    }

    /// Bytes a worker needs for any block.
    var scratchSize: Int {
        let keys = groups.map(\.keyCount).max() ?? 0
        return ck_attention_scratch_size(largestBlock * headsPerKey, keys, shape.headDim)
    }

    /// All blocks in order of group and row.
    func batches() -> [AttentionBatch] {
        var batches: [AttentionBatch] = []
        var batch = AttentionBatch()
        for (index, group) in groups.enumerated() {
            let wanted = Set(group.captures.map(\.row))
            let size = wanted.isEmpty ? largestBlock : capturedBlock(keys: group.keyCount)
            for start in stride(from: 0, to: group.rows.count, by: size) {
                let rows = start..<min(start + size, group.rows.count)
                let sizes = rows.filter(wanted.contains).map { ($0, shape.heads * group.visibleKeys(row: $0)) }
                let count = sizes.reduce(0) { $0 + $1.1 }
                if batch.patternCount > 0, batch.patternCount + count > Self.patternBudget {
                    batches.append(batch)
                    batch = AttentionBatch()
                }
                var captured: [Int: Int] = [:]
                for (row, count) in sizes {
                    captured[row] = batch.patternCount
                    batch.patternCount += count
                }
                batch.blocks.append(AttentionBlock(group: index, rows: rows, captured: captured))
            }
        }
        return batch.blocks.isEmpty ? batches : batches + [batch]
    }

    /// Describes the rows and keys of a block for one key-value head, during a call of `body`.
    func withKernelRows(
        of block: AttentionBlock,
        head: Int,
        patterns: PatternMemory,
        _ body: (UnsafeBufferPointer<ck_attention_row>, UnsafeBufferPointer<ck_segment>) -> Void
    ) {
        let segments = groups[block.group].segments
        let count = block.rows.count * headsPerKey
        withUnsafeTemporaryAllocation(of: ck_segment.self, capacity: segments.count) { segmentBuffer in
            for (i, segment) in segments.enumerated() {
                segmentBuffer.initializeElement(at: i, to: kernelSegment(segment, head: head))
            }
            edits[block.group].withVectors { vectors in
                withUnsafeTemporaryAllocation(of: ck_attention_row.self, capacity: count) { rowBuffer in
                    var next = 0
                    for row in block.rows {
                        for query in head * headsPerKey..<(head + 1) * headsPerKey {
                            let kernelRow = kernelRow(row, query, of: block, vectors: vectors, patterns: patterns)
                            rowBuffer.initializeElement(at: next, to: kernelRow)
                            next += 1
                        }
                    }
                    body(UnsafeBufferPointer(rowBuffer), UnsafeBufferPointer(segmentBuffer))
                }
            }
        }
    }

    /// Hands the patterns of a finished block to their sinks, in order of row.
    func deliver(_ block: AttentionBlock, patterns: PatternMemory) {
        guard !block.captured.isEmpty else { return }
        let group = groups[block.group]
        for sink in group.captures.sorted(by: { $0.row < $1.row }) where block.rows.contains(sink.row) {
            guard let start = block.captured[sink.row] else { continue }
            let keys = group.visibleKeys(row: sink.row)
            let values = UnsafeBufferPointer(start: patterns.base + start, count: shape.heads * keys)
            sink.receive(AttentionPattern(values, heads: shape.heads, keys: keys))
        }
    }

    // MARK: - Private

    /// Query heads that share a key-value head.
    private var headsPerKey: Int { shape.heads / shape.keyValueHeads }

    private var largestBlock: Int { max(1, Int(CK_ATTENTION_ROWS) / headsPerKey) }

    private func capturedBlock(keys: Int) -> Int {
        max(1, min(largestBlock, Self.patternBudget / max(1, shape.heads * keys)))
    }

    private func kernelSegment(_ segment: KeyValueSegment, head: Int) -> ck_segment {
        ck_segment(
            keys: segment.keys.base + head * shape.headDim,
            values: segment.values.base + head * shape.headDim,
            count: segment.keys.rows,
            key_stride: segment.keys.stride,
            value_stride: segment.values.stride
        )
    }

    private func kernelRow(
        _ row: Int,
        _ head: Int,
        of block: AttentionBlock,
        vectors: EditVectors.Addresses,
        patterns: PatternMemory
    ) -> ck_attention_row {
        let group = groups[block.group]
        let keys = group.visibleKeys(row: row)
        let index = row * shape.heads + head
        return ck_attention_row(
            query: queries.base + (group.rows.lowerBound + row) * queries.stride + head * shape.headDim,
            context: context.base + (group.rows.lowerBound + row) * context.stride + head * shape.headDim,
            keys: keys,
            bias: vectors.bias(group.edits, at: index),
            factor: vectors.factor(group.edits, at: index),
            pattern: block.captured[row].map { patterns.base + $0 + head * keys }
        )
    }
}

/// The edit vectors of one group in one array, so that their addresses can be taken.
private struct EditVectors {
    private let values: [Float]
    private let keys: Int

    init(_ edits: AttentionEdits?, keys: Int) {
        values = edits.map { Array(($0.bias + $0.factor).joined()) } ?? []
        self.keys = keys
    }

    struct Addresses {
        fileprivate let base: UnsafePointer<Float>?
        fileprivate let keys: Int

        func bias(_ edits: AttentionEdits?, at index: Int) -> UnsafePointer<Float>? {
            guard let edits, !edits.biasIndex.isEmpty, edits.biasIndex[index] >= 0 else { return nil }
            return base.map { $0 + Int(edits.biasIndex[index]) * keys }
        }

        func factor(_ edits: AttentionEdits?, at index: Int) -> UnsafePointer<Float>? {
            guard let edits, !edits.factorIndex.isEmpty, edits.factorIndex[index] >= 0 else { return nil }
            return base.map { $0 + (edits.bias.count + Int(edits.factorIndex[index])) * keys }
        }
    }

    func withVectors(_ body: (Addresses) -> Void) {
        values.withUnsafeBufferPointer { body(Addresses(base: $0.baseAddress, keys: keys)) }
    }
}
