internal import CKernels
internal import Synchronization

extension Compute {
    /// context = softmax(scale · q·k + bias) · factor · v, per row and head.
    ///
    /// Queries are [rows, ≥ heads · headDim], the context has the same rows and heads · headDim columns. A row that
    /// sees no key, or none that is left, gets a context of zeros. Patterns are reported group by group; which rows
    /// are captured or edited changes no bit of any other row.
    public func attention(
        queries: Matrix,
        groups: [AttentionGroup],
        shape: AttentionShape,
        into context: Matrix
    ) {
        precondition(shape.heads % shape.keyValueHeads == 0, "\(shape.heads) heads of \(shape.keyValueHeads)")
        precondition(queries.columns >= shape.heads * shape.headDim, "\(queries.columns) columns of queries")
        precondition(context.columns >= shape.heads * shape.headDim, "\(context.columns) columns of context")
        for group in groups { group.check(queries: queries, context: context, shape: shape) }
        let work = AttentionWork(queries: queries, context: context, shape: shape, groups: groups)
        scratch.withLock { scratch in
            scratch.attention.cut(groups, shape: shape)
            let blocks = scratch.perWorker(byteCount: work.scratchSize(rows: scratch.attention.mostRows))
            for batch in scratch.attention.batches {
                let patterns = scratch.patterns.bytes(batch.patternCount * MemoryLayout<Float>.stride)
                let memory = PatternMemory(base: patterns.assumingMemoryBound(to: Float.self))
                let tasks = AttentionTasks(
                    work: work,
                    blocks: scratch.attention.blocks[batch.blocks],
                    kernels: kernels,
                    patterns: memory,
                    scratch: blocks
                )
                withUnsafePointer(to: tasks) { tasks in
                    pool.run(tasks: tasks.pointee.count, context: tasks) { tasks, task, worker in
                        tasks.assumingMemoryBound(to: AttentionTasks.self).pointee.run(task, worker: worker)
                    }
                }
                for block in scratch.attention.blocks[batch.blocks] where !block.captures.isEmpty {
                    work.deliver(block, patterns: memory)
                }
            }
        }
    }
}

/// A batch of blocks cut into tasks, one for each block and key-value head.
private struct AttentionTasks {
    let work: AttentionWork
    let blocks: ArraySlice<AttentionBlock>
    let kernels: ck_kernels
    let patterns: PatternMemory
    let scratch: WorkerScratch

    var count: Int { blocks.count * work.shape.keyValueHeads }

    func run(_ task: Int, worker: Int) {
        let heads = work.shape.keyValueHeads
        // The last rows of a causal group see most keys: they go first, so that no thread ends alone with them.
        let block = blocks[blocks.endIndex - 1 - task / heads]
        let memory = scratch.blocks[worker]
        work.attend(block, head: task % heads, kernels: kernels, patterns: patterns, scratch: memory)
    }
}

extension AttentionGroup {
    fileprivate func check(queries: Matrix, context: Matrix, shape: AttentionShape) {
        let limit = min(queries.rows, context.rows)
        precondition(rows.lowerBound >= 0 && rows.upperBound <= limit, "rows \(rows) of \(limit)")
        precondition(firstPosition >= 0, "a group that starts at position \(firstPosition)")
        precondition(keyCount >= 0 && keyCount <= pages.reduce(0) { $0 + $1.capacity }, "\(keyCount) keys")
        for page in pages {
            precondition(page.shape == pages[0].shape, "pages of different shapes")
            precondition(page.shape.heads == shape.keyValueHeads && page.shape.headDim == shape.headDim, "other heads")
        }
        for capture in captures {
            precondition(capture.row >= 0 && capture.row < rows.count, "capture of row \(capture.row) of \(rows.count)")
        }
        edits?.check(rows: rows.count, heads: shape.heads, keys: keyCount)
    }
}

extension AttentionEdits {
    fileprivate func check(rows: Int, heads: Int, keys: Int) {
        for vector in bias + factor { precondition(vector.count == keys, "an edit of \(vector.count) of \(keys) keys") }
        for (index, vectors) in [(biasIndex, bias), (factorIndex, factor)] where !index.isEmpty {
            precondition(index.count == rows * heads, "\(index.count) edit indices for \(rows) rows of \(heads) heads")
            for i in index { precondition(i >= -1 && i < vectors.count, "edit \(i) of \(vectors.count)") }
        }
    }
}
