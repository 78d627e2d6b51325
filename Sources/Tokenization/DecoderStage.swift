/// One step of a decoder.
protocol DecoderStage: Sendable {
    /// Takes a chunk, which is valid UTF-8, and appends what is certain.
    mutating func consume(_ text: ArraySlice<UInt8>, endsToken: Bool, into output: inout TokenChunks)
    /// Ends the stream and appends the rest.
    mutating func finish(into output: inout TokenChunks)
}

/// A stage that has to see a token as a whole.
protocol WholeTokenStage: DecoderStage {
    /// What has come of a token in several chunks.
    var partialToken: [UInt8] { get set }
    mutating func decode(_ token: ArraySlice<UInt8>, into output: inout TokenChunks)
}

extension WholeTokenStage {
    mutating func consume(_ text: ArraySlice<UInt8>, endsToken: Bool, into output: inout TokenChunks) {
        if endsToken, partialToken.isEmpty { return decode(text, into: &output) }
        partialToken += text
        guard endsToken else { return }
        decode(partialToken[...], into: &output)
        partialToken.removeAll(keepingCapacity: true)
    }

    mutating func finish(into output: inout TokenChunks) {}
}

/// Joins all tokens to one.
struct FuseStage: DecoderStage {
    mutating func consume(_ text: ArraySlice<UInt8>, endsToken: Bool, into output: inout TokenChunks) {
        output.append(text, endsToken: false)
    }

    mutating func finish(into output: inout TokenChunks) { output.endChunk(endsToken: true) }
}

/// Puts a space between tokens: what `tokenizers` does without a decoder.
struct SpaceJoinStage: WholeTokenStage {
    var partialToken: [UInt8] = []
    private var isFirst = true

    mutating func decode(_ token: ArraySlice<UInt8>, into output: inout TokenChunks) {
        if !isFirst { output.append(CollectionOfOne(0x20)) }
        output.append(token, endsToken: true)
        isFirst = false
    }
}

/// Replaces matches within each token.
struct ReplaceStage: WholeTokenStage {
    var partialToken: [UInt8] = []
    let pattern: TextPattern
    let content: [UInt8]

    init(pattern: TextPattern, content: [UInt8]) {
        self.pattern = pattern
        self.content = content
    }

    mutating func decode(_ token: ArraySlice<UInt8>, into output: inout TokenChunks) {
        if case .literal(let literal) = pattern { return output.append(token, replacing: literal, with: content) }
        let text = AlignedText(original: token)
        let edits = pattern.edits(in: text, range: text.bytes.indices, replacement: content)
        output.append(text.applying(edits).bytes, endsToken: true)
    }
}

/// Turns `▁` into spaces, and drops those of the first token where encoding puts one there.
struct MetaspaceStage: WholeTokenStage {
    var partialToken: [UInt8] = []
    private let replacement: [UInt8]
    private let space: [UInt8] = [0x20]
    private var drops: Bool

    init(_ metaspace: Metaspace) {
        replacement = metaspace.replacement
        drops = metaspace.prependScheme != .never
    }

    mutating func decode(_ token: ArraySlice<UInt8>, into output: inout TokenChunks) {
        output.append(token, replacing: replacement, with: drops ? [] : space)
        drops = false
    }
}

/// Strips a character from the ends of each token, up to a count at either end.
struct StripStage: DecoderStage {
    /// The character's UTF-8.
    private let content: [UInt8]
    private let start: Int
    private let stop: Int
    /// How many more may go at the start of the current token.
    private var leading: Int
    /// How many have been held back because the token may end here.
    private var held = 0

    init(content: Unicode.Scalar, start: Int, stop: Int) {
        self.content = Array(String(content).utf8)
        self.start = start
        self.stop = stop
        leading = start
    }

    mutating func consume(_ text: ArraySlice<UInt8>, endsToken: Bool, into output: inout TokenChunks) {
        var rest = text
        while leading > 0, !rest.isEmpty {
            let matches = rest.starts(with: content)
            leading = matches ? leading - 1 : 0
            if matches { rest = rest.dropFirst(content.count) }
        }
        var trailing = 0
        while trailing < stop, !rest.isEmpty, rest.suffix(content.count).elementsEqual(content) {
            rest = rest.dropLast(content.count)
            trailing += 1
        }
        // Only content after what is held: the oldest beyond the count can no longer be at the end.
        let released = rest.isEmpty ? max(0, held + trailing - stop) : held
        held = rest.isEmpty ? min(stop, held + trailing) : trailing
        for _ in 0..<released { output.append(content) }
        output.append(rest, endsToken: endsToken)
        if endsToken {
            leading = start
            held = 0
        }
    }

    mutating func finish(into output: inout TokenChunks) {}
}
