/// Turns pieces back into text as they come: `decoder` in `tokenizer.json`.
///
/// A chain of stages. Between two stages runs a stream of tokens, and a token may come in several chunks: so a stage
/// holds text back only as long as its own rule needs.
struct TokenDecoder: Sendable {
    private var stages: [any DecoderStage]
    /// What a stage reads and what it writes, by turns.
    private var input = TokenChunks()
    private var output = TokenChunks()

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
        output.removeAll()
        output.append(piece.utf8, endsToken: true)
        return passOutput(from: 0)
    }

    /// Ends the stream and returns the rest of the text.
    mutating func finish() -> String {
        var text = ""
        for index in stages.indices {
            output.removeAll()
            stages[index].finish(into: &output)
            text += passOutput(from: index + 1)
        }
        return text
    }

    // MARK: - Private

    /// Passes what was put out on to the stage with this index and those behind it.
    private mutating func passOutput(from start: Int) -> String {
        for index in start..<stages.count {
            swap(&input, &output)
            output.removeAll()
            for chunk in input.chunks {
                stages[index].consume(input.bytes[chunk.range], endsToken: chunk.endsToken, into: &output)
            }
        }
        return String(decoding: output.bytes, as: UTF8.self)
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
