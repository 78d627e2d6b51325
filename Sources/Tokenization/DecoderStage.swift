/// A part of a token between two decoder stages.
struct TokenChunk: Equatable, Sendable {
    let text: String
    let endsToken: Bool
}

/// One step of a decoder.
protocol DecoderStage: Sendable {
    /// Takes a chunk and appends what is certain.
    mutating func consume(_ chunk: TokenChunk, into output: inout [TokenChunk])
    /// Ends the stream and appends the rest.
    mutating func finish(into output: inout [TokenChunk])
}

/// A stage that has to see a token as a whole.
protocol WholeTokenStage: DecoderStage {
    var partialToken: String { get set }
    mutating func decode(_ token: String, into output: inout [TokenChunk])
}

extension WholeTokenStage {
    mutating func consume(_ chunk: TokenChunk, into output: inout [TokenChunk]) {
        partialToken += chunk.text
        guard chunk.endsToken else { return }
        decode(partialToken, into: &output)
        partialToken = ""
    }

    mutating func finish(into output: inout [TokenChunk]) {}
}

/// Joins all tokens to one.
struct FuseStage: DecoderStage {
    mutating func consume(_ chunk: TokenChunk, into output: inout [TokenChunk]) {
        output.append(TokenChunk(text: chunk.text, endsToken: false))
    }

    mutating func finish(into output: inout [TokenChunk]) { output.append(TokenChunk(text: "", endsToken: true)) }
}

/// Puts a space between tokens: what `tokenizers` does without a decoder.
struct SpaceJoinStage: WholeTokenStage {
    var partialToken = ""
    private var isFirst = true

    mutating func decode(_ token: String, into output: inout [TokenChunk]) {
        output.append(TokenChunk(text: isFirst ? token : " " + token, endsToken: true))
        isFirst = false
    }
}

/// Replaces matches within each token.
struct ReplaceStage: WholeTokenStage {
    var partialToken = ""
    let pattern: TextPattern
    let content: [UInt8]

    init(pattern: TextPattern, content: [UInt8]) {
        self.pattern = pattern
        self.content = content
    }

    mutating func decode(_ token: String, into output: inout [TokenChunk]) {
        let text = AlignedText(original: Array(token.utf8)[...])
        let replaced = text.applying(pattern.edits(in: text, range: text.bytes.indices, replacement: content))
        output.append(TokenChunk(text: String(decoding: replaced.bytes, as: UTF8.self), endsToken: true))
    }
}

/// Turns `▁` into spaces, and drops those of the first token where encoding puts one there.
struct MetaspaceStage: WholeTokenStage {
    var partialToken = ""
    private let replacement: [UInt8]
    private var drops: Bool

    init(_ metaspace: Metaspace) {
        replacement = metaspace.replacement
        drops = metaspace.prependScheme != .never
    }

    mutating func decode(_ token: String, into output: inout [TokenChunk]) {
        var stage = ReplaceStage(pattern: .literal(replacement), content: drops ? [] : [0x20])
        stage.decode(token, into: &output)
        drops = false
    }
}

/// Strips a character from the ends of each token, up to a count at either end.
struct StripStage: DecoderStage {
    private let content: Unicode.Scalar
    private let start: Int
    private let stop: Int
    /// How many more may go at the start of the current token.
    private var leading: Int
    /// How many have been held back because the token may end here.
    private var held = 0

    init(content: Unicode.Scalar, start: Int, stop: Int) {
        self.content = content
        self.start = start
        self.stop = stop
        leading = start
    }

    mutating func consume(_ chunk: TokenChunk, into output: inout [TokenChunk]) {
        var rest = chunk.text.unicodeScalars[...]
        while leading > 0, let first = rest.first {
            leading = first == content ? leading - 1 : 0
            if first == content { rest.removeFirst() }
        }
        var trailing = 0
        while trailing < stop, rest.last == content {
            rest.removeLast()
            trailing += 1
        }
        // Only content after what is held: the oldest beyond the count can no longer be at the end.
        let released = rest.isEmpty ? max(0, held + trailing - stop) : held
        held = rest.isEmpty ? min(stop, held + trailing) : trailing
        let text = String(repeating: String(content), count: released) + String(rest)
        output.append(TokenChunk(text: text, endsToken: chunk.endsToken))
        if chunk.endsToken {
            leading = start
            held = 0
        }
    }

    mutating func finish(into output: inout [TokenChunk]) {}
}
