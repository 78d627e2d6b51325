extension BPEModel {
    /// Encodes one word.
    ///
    /// Takes O(n log n) for n scalars, so that a text without spaces may be one word.
    /// - Parameters:
    ///   - word: valid UTF-8.
    ///   - emit: is given each id and its byte range, in the indices of `word`.
    func tokenize(_ word: ArraySlice<UInt8>, emit: (Int, Range<Int>) -> Void) {
        guard !word.isEmpty else { return }
        if ignoresMerges, let id = vocabulary.id(of: String(decoding: word, as: UTF8.self)) {
            return emit(id, word.startIndex..<word.endIndex)
        }
        var symbols = initialSymbols(of: word)
        mergeAll(&symbols)
        for symbol in symbols where symbol.isAlive {
            emit(Int(symbol.id), symbol.start..<symbol.end)
        }
    }

    // MARK: - Private

    /// A node of the linked list of symbols; a merged one lives on in its left neighbour.
    private struct Symbol {
        var id: UInt32
        var start: Int
        var end: Int
        var previous: Int
        var next: Int
        var isAlive = true
    }

    /// One symbol for each scalar, for each byte of a scalar that falls back, or for a run of unknown scalars.
    private func initialSymbols(of word: ArraySlice<UInt8>) -> [Symbol] {
        var symbols: [Symbol] = []
        symbols.reserveCapacity(word.count)
        var endsInUnknown = false
        func append(_ id: Int, _ range: Range<Int>) {
            let index = symbols.count
            let end = range.upperBound
            symbols.append(
                Symbol(id: UInt32(id), start: range.lowerBound, end: end, previous: index - 1, next: index + 1)
            )
        }
        var start = word.startIndex
        while start < word.endIndex {
            let end = min(start + UTF8Width.ofScalar(leadByte: word[start]), word.endIndex)
            if let id = scalarID(word[start..<end]) {
                append(id, start..<end)
                endsInUnknown = false
            } else if let ids = fallbackIDs(word[start..<end]) {
                for (offset, id) in ids.enumerated() { append(id, (start + offset)..<(start + offset + 1)) }
                endsInUnknown = false
            } else if let unknownID {
                if fusesUnknown, endsInUnknown {
                    symbols[symbols.count - 1].end = end
                } else {
                    append(unknownID, start..<end)
                }
                endsInUnknown = true
            }
            start = end
        }
        return symbols
    }

    private func scalarID(_ scalar: ArraySlice<UInt8>) -> Int? {
        vocabulary.id(of: String(decoding: scalar, as: UTF8.self))
    }

    private func fallbackIDs(_ scalar: ArraySlice<UInt8>) -> [Int]? {
        guard !byteIDs.isEmpty else { return nil }
        let ids = scalar.compactMap { byteIDs[Int($0)] }
        return ids.count == scalar.count ? ids : nil
    }

    /// Applies merges by rank, and from the left among equal ranks, until none applies.
    private func mergeAll(_ symbols: inout [Symbol]) {
        var queue = MergeQueue()
        for left in symbols.indices.dropLast() { enqueue(left, symbols, &queue) }
        while let candidate = queue.popFirst() {
            let left = candidate.position
            let right = symbols[left].next
            // A candidate is stale once either side has merged with another neighbour.
            guard symbols[left].isAlive, right < symbols.count,
                let merge = merges[Self.key(symbols[left].id, symbols[right].id)], merge.id == candidate.id
            else { continue }
            symbols[left].id = merge.id
            symbols[left].end = symbols[right].end
            symbols[left].next = symbols[right].next
            symbols[right].isAlive = false
            if symbols[left].next < symbols.count { symbols[symbols[left].next].previous = left }
            enqueue(left, symbols, &queue)
            if symbols[left].previous >= 0 { enqueue(symbols[left].previous, symbols, &queue) }
        }
    }

    private func enqueue(_ left: Int, _ symbols: [Symbol], _ queue: inout MergeQueue) {
        let right = symbols[left].next
        guard right < symbols.count, let merge = merges[Self.key(symbols[left].id, symbols[right].id)] else { return }
        queue.insert(MergeQueue.Candidate(rank: merge.rank, id: merge.id, position: left))
    }
}
