import Generation
import JSON
import Probing
import Tokenization

/// What a knockout request scores at the first answer position.
struct ScoreRequest {
    let targets: [(text: String, id: Int)]
    let topK: Int
}

extension GenerationResult {
    /// The answer's tokens.
    var tokenPayload: JSONValue {
        .array(
            tokens.map { ["id": .integer($0.id), "text": .string($0.text), "logprob": .number($0.logProbability)] }
        )
    }

    /// A `Run` of the API.
    func payload(_ score: ScoreRequest, tokenizer: Tokenizer) -> JSONValue {
        var targets: [String: JSONValue] = [:]
        for target in score.targets {
            targets[target.text] = [
                "id": .integer(target.id), "logprob": .number(next[target.id].logProbability),
            ]
        }
        let top = next.top(score.topK).map { entry -> JSONValue in
            [
                "id": .integer(entry.id), "text": .string(tokenizer.text(of: entry.id)),
                "logprob": .number(entry.logProbability),
            ]
        }
        return [
            "text": .string(text),
            "tokens": tokenPayload,
            "finish_reason": .string(finishReason.rawValue),
            "next": ["top": .array(top), "targets": .object(targets)],
        ]
    }
}

extension Tokenizer {
    /// The text of one token alone; special tokens by their name.
    func text(of id: Int) -> String {
        isSpecial(id) ? piece(id) ?? "" : decode([id], skipSpecialTokens: false)
    }
}
