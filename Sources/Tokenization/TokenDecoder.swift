/// Turns pieces back into text as they come: `decoder` in `tokenizer.json`.
///
/// A chain of stages. Between two stages runs a stream of tokens, and a token may come in several chunks: so a stage
/// holds text back only as long as its own rule needs.
struct TokenDecoder: Sendable {
    private var stages: [any DecoderStage]

    private static let known = ["Sequence", "ByteLevel", "ByteFallback", "Fuse", "Strip", "Replace", "Metaspace"]

    init(_ field: JSONField?) throws(TokenizerError) {
        guard let field else {
            stages = [SpaceJoinStage()]
            return
        }
        stages = try Self.stages(field)
    }

    /// Takes a piece and returns the text that no later piece can change.
    mutating func push(_ piece: String) -> String {
        run([TokenChunk(text: piece, endsToken: true)], from: 0)
    }

    /// Ends the stream and returns the rest of the text.
    mutating func finish() -> String {
        var text = ""
        for index in stages.indices {
            var rest: [TokenChunk] = []
            stages[index].finish(into: &rest)
            text += run(rest, from: index + 1)
        }
        return text
    }

    // MARK: - Private

    private mutating func run(_ chunks: [TokenChunk], from start: Int) -> String {
        var chunks = chunks
        for index in start..<stages.count {
            var output: [TokenChunk] = []
            for chunk in chunks { stages[index].consume(chunk, into: &output) }
            chunks = output
        }
        return chunks.reduce(into: "") { $0 += $1.text }
    }

    private static func stages(_ field: JSONField) throws(TokenizerError) -> [any DecoderStage] {
        let type = try field.type()
        switch type {
        case "Sequence":
            var parts: [any DecoderStage] = []
            for part in try field.required("decoders").elements() { parts += try stages(part) }
            return parts
        case "ByteLevel": return [ByteLevelStage()]
        case "ByteFallback": return [ByteFallbackStage()]
        case "Fuse": return [FuseStage()]
        case "Strip":
            let content = try field.required("content").string().unicodeScalars
            guard content.count == 1, let scalar = content.first else {
                throw field.wrongType("one character as content")
            }
            let start = try field.required("start").count(limit: 1 << 20)
            return [StripStage(content: scalar, start: start, stop: try field.required("stop").count(limit: 1 << 20))]
        case "Replace":
            let pattern = try TextPattern(field.required("pattern"))
            return [ReplaceStage(pattern: pattern, content: Array(try field.required("content").string().utf8))]
        case "Metaspace":
            let metaspace = try Metaspace(field)
            return [MetaspaceStage(metaspace)]
        default: throw field.unsupported("decoder", type, known: known)
        }
    }
}
