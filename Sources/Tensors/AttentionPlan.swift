internal import CKernels

/// Rows of one group that a task attends with.
struct AttentionBlock {
    let group: Int
    /// Counted from the first row of the group.
    let rows: Range<Int>
    /// Those of the group's captures that want one of the rows.
    let captures: Range<Int>
    /// Where the first captured row's [heads][keys] floats start in the batch's memory; the others follow.
    let patternStart: Int
}

/// Blocks that run together because their patterns fit in memory.
struct AttentionBatch {
    var blocks: Range<Int>
    var patternCount = 0
}

/// One call of `attention`, cut into blocks; its arrays are reused from call to call.
struct AttentionPlan {
    private(set) var blocks: [AttentionBlock] = []
    private(set) var batches: [AttentionBatch] = []

    /// Floats of patterns held at a time: 64 MB.
    private static let patternBudget = 16 << 20

    /// Cuts all groups, in order of group and row.
    mutating func cut(_ groups: [AttentionGroup], shape: AttentionShape) {
        blocks.removeAll(keepingCapacity: true)
        batches.removeAll(keepingCapacity: true)
        batches.append(AttentionBatch(blocks: 0..<0))
        for (index, group) in groups.enumerated() {
            var capture = 0
            let size = group.captures.isEmpty ? shape.largestBlock : Self.capturedBlock(group, shape)
            for start in stride(from: 0, to: group.rows.count, by: size) {
                let rows = start..<min(start + size, group.rows.count)
                let first = capture
                var count = 0
                while capture < group.captures.count, group.captures[capture].row < rows.upperBound {
                    if group.isFirstCapture(capture) {
                        count += shape.heads * group.visibleKeys(row: group.captures[capture].row)
                    }
                    capture += 1
                }
                append(index, rows: rows, captures: first..<capture, patternCount: count)
            }
        }
    }

    /// The most rows of any block.
    var mostRows: Int { blocks.reduce(0) { max($0, $1.rows.count) } }

    // MARK: - Private

    private mutating func append(_ group: Int, rows: Range<Int>, captures: Range<Int>, patternCount: Int) {
        var batch = batches.removeLast()
        if batch.patternCount > 0, batch.patternCount + patternCount > Self.patternBudget {
            batches.append(batch)
            batch = AttentionBatch(blocks: blocks.count..<blocks.count)
        }
        blocks.append(
            AttentionBlock(group: group, rows: rows, captures: captures, patternStart: batch.patternCount)
        )
        batch.blocks = batch.blocks.lowerBound..<blocks.count
        batch.patternCount += patternCount
        batches.append(batch)
    }

    private static func capturedBlock(_ group: AttentionGroup, _ shape: AttentionShape) -> Int {
        max(1, min(shape.largestBlock, patternBudget / max(1, shape.heads * group.keyCount)))
    }
}

extension AttentionShape {
    /// Query heads that share a key-value head.
    var headsPerKey: Int { heads / keyValueHeads }

    /// Rows of a block at most.
    var largestBlock: Int { max(1, Int(CK_ATTENTION_ROWS) / headsPerKey) }
}

extension AttentionGroup {
    /// Whether no earlier capture wants the same row; captures are in order of row.
    func isFirstCapture(_ index: Int) -> Bool { index == 0 || captures[index - 1].row != captures[index].row }
}
