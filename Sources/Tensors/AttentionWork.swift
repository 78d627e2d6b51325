internal import CKernels

/// Unchecked because of the pointer: each task writes the rows of its own block and heads.
struct PatternMemory: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
}

/// One call of `attention`: what its tasks read.
///
/// Unchecked because groups hold sinks: those are called by the calling thread alone.
struct AttentionWork: @unchecked Sendable {
    let queries: Matrix
    let context: Matrix
    let shape: AttentionShape
    private let groups: [AttentionGroup]
    /// For each group, or none when there are no edits at all.
    private let edits: [EditVectors]

    init(queries: Matrix, context: Matrix, shape: AttentionShape, groups: [AttentionGroup]) {
        self.queries = queries
        self.context = context
        self.shape = shape
        self.groups = groups
        let isEdited = groups.contains { $0.edits != nil }
        edits = isEdited ? groups.map { EditVectors($0.edits, keys: $0.keyCount) } : []
    }

    /// Bytes a worker needs for any block of at most `rows` rows.
    func scratchSize(rows: Int) -> Int {
        let keys = groups.reduce(0) { max($0, $1.keyCount) }
        let scratch = ck_attention_scratch_size(rows * shape.headsPerKey, keys, shape.headDim)
        return descriptorBytes(rows: rows) + scratch
    }

    /// Attends with the rows of one block and one key-value head. `scratch` holds what `scratchSize` says of the block
    /// or a larger one.
    func attend(
        _ block: AttentionBlock,
        head: Int,
        kernels: ck_kernels,
        patterns: PatternMemory,
        scratch: UnsafeMutableRawPointer
    ) {
        let group = groups[block.group]
        let rows = scratch.assumingMemoryBound(to: ck_attention_row.self)
        let rowCount = describeRows(of: block, head: head, patterns: patterns, into: rows)
        let segments = UnsafeMutableRawPointer(rows + rowCount).assumingMemoryBound(to: ck_segment.self)
        let segmentCount = describeSegments(of: group, head: head, into: segments)
        kernels.attention(
            group.pages.first?.shape.format.kernelType ?? CK_F32,
            rows,
            rowCount,
            segments,
            segmentCount,
            shape.headDim,
            shape.scale,
            (scratch + descriptorBytes(rows: block.rows.count)).assumingMemoryBound(to: Float.self)
        )
    }

    /// Hands the patterns of a finished block to their sinks, in order of row.
    func deliver(_ block: AttentionBlock, patterns: PatternMemory) {
        let group = groups[block.group]
        var start = block.patternStart
        var count = 0
        for index in block.captures {
            let sink = group.captures[index]
            if index > block.captures.lowerBound, group.isFirstCapture(index) { start += count }
            let keys = group.visibleKeys(row: sink.row)
            count = shape.heads * keys
            let values = UnsafeBufferPointer(start: patterns.base + start, count: count)
            sink.receive(AttentionPattern(values, heads: shape.heads, keys: keys))
        }
    }

    // MARK: - Private

    /// Bytes before the kernel's own scratch: whole cache lines.
    private func descriptorBytes(rows: Int) -> Int {
        let pages = groups.reduce(0) { max($0, $1.pages.count) }
        let rowBytes = rows * shape.headsPerKey * MemoryLayout<ck_attention_row>.stride
        return (rowBytes + pages * MemoryLayout<ck_segment>.stride + 63) & ~63
    }

    private func describeSegments(
        of group: AttentionGroup,
        head: Int,
        into segments: UnsafeMutablePointer<ck_segment>
    ) -> Int {
        var start = 0
        for (index, page) in group.pages.enumerated() {
            let count = min(page.capacity, group.keyCount - start)
            let segment = ck_segment(keys: page.keys(head: head), values: page.values(head: head), count: count)
            (segments + index).initialize(to: segment)
            start += count
        }
        return group.pages.count
    }

    private func describeRows(
        of block: AttentionBlock,
        head: Int,
        patterns: PatternMemory,
        into rows: UnsafeMutablePointer<ck_attention_row>
    ) -> Int {
        let group = groups[block.group]
        let vectors = edits.isEmpty ? nil : edits[block.group]
        var capture = block.captures.lowerBound
        var pattern = patterns.base + block.patternStart
        var next = 0
        for row in block.rows {
            let keys = group.visibleKeys(row: row)
            let isCaptured = capture < block.captures.upperBound && group.captures[capture].row == row
            for query in head * shape.headsPerKey..<(head + 1) * shape.headsPerKey {
                let index = row * shape.heads + query
                let place = group.rows.lowerBound + row
                let kernelRow = ck_attention_row(
                    query: queries.base + place * queries.stride + query * shape.headDim,
                    context: context.base + place * context.stride + query * shape.headDim,
                    keys: keys,
                    bias: vectors?.bias(group.edits, at: index),
                    factor: vectors?.factor(group.edits, at: index),
                    pattern: isCaptured ? pattern + query * keys : nil
                )
                (rows + next).initialize(to: kernelRow)
                next += 1
            }
            guard isCaptured else { continue }
            pattern += shape.heads * keys
            while capture < block.captures.upperBound, group.captures[capture].row == row { capture += 1 }
        }
        return next
    }
}

/// The edit vectors of one group, one after another at a fixed address.
private struct EditVectors {
    private let memory: AlignedMemory
    private let keys: Int

    init(_ edits: AttentionEdits?, keys: Int) {
        let vectors = edits.map { $0.bias + $0.factor } ?? []
        self.keys = keys
        memory = AlignedMemory(byteCount: vectors.count * keys * MemoryLayout<Float>.stride, zeroed: false)
        for (index, vector) in vectors.enumerated() {
            (memory.floats + index * keys).update(from: vector, count: keys)
        }
    }

    func bias(_ edits: AttentionEdits?, at index: Int) -> UnsafePointer<Float>? {
        guard let edits, !edits.biasIndex.isEmpty, edits.biasIndex[index] >= 0 else { return nil }
        return UnsafePointer(memory.floats + Int(edits.biasIndex[index]) * keys)
    }

    func factor(_ edits: AttentionEdits?, at index: Int) -> UnsafePointer<Float>? {
        guard let edits, !edits.factorIndex.isEmpty, edits.factorIndex[index] >= 0 else { return nil }
        return UnsafePointer(memory.floats + (edits.bias.count + Int(edits.factorIndex[index])) * keys)
    }
}
