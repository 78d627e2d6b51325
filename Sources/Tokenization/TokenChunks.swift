/// Text between two decoder stages: tokens, each in one or more chunks that end between scalars.
///
/// A stage is handed a chunk as bytes and writes bytes, so that nothing is allocated for a token: `removeAll` keeps the
/// memory for the next one.
struct TokenChunks: Sendable {
    /// A part of a token.
    struct Chunk: Sendable {
        /// Where its text is in `bytes`.
        let range: Range<Int>
        /// Whether no more of the token follows.
        let endsToken: Bool
    }

    /// The UTF-8 of all chunks, one behind the other.
    private(set) var bytes: [UInt8] = []
    /// The chunks that are complete.
    private(set) var chunks: [Chunk] = []

    /// Appends to the chunk that is being written.
    mutating func append(_ text: some Collection<UInt8>) { bytes.append(contentsOf: text) }

    /// Completes the chunk that is being written.
    mutating func endChunk(endsToken: Bool) {
        chunks.append(Chunk(range: (chunks.last?.range.upperBound ?? 0)..<bytes.count, endsToken: endsToken))
    }

    /// Appends a whole chunk.
    mutating func append(_ text: some Collection<UInt8>, endsToken: Bool) {
        append(text)
        endChunk(endsToken: endsToken)
    }

    /// Appends a token with every occurrence of a text in it replaced.
    mutating func append(_ token: ArraySlice<UInt8>, replacing literal: [UInt8], with content: [UInt8]) {
        var position = token.startIndex
        TextPattern.forEachOccurrence(of: literal, in: token) { range in
            append(token[position..<range.lowerBound])
            append(content)
            position = range.upperBound
        }
        append(token[position...], endsToken: true)
    }

    /// Empties it for the next token.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        chunks.removeAll(keepingCapacity: true)
    }
}
