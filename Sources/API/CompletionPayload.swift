import Foundation
import Generation
import JSON
import Models
import Probing
import Tokenization

/// OpenAI's chat completion objects, whole and in chunks.
struct CompletionPayload {
    let id: String
    let created: Int
    let model: String
    let tokenizer: Tokenizer
    let chat: ChatBody
    /// What the run changes.
    var resolved = ResolvedInterventions()

    init(_ chat: ChatBody, resident: ResidentModel) {
        id = "chatcmpl-" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        created = Int(Date().timeIntervalSince1970)
        model = resident.name
        tokenizer = resident.model.tokenizer
        self.chat = chat
    }

    func completion(_ result: GenerationResult, promptTokens: Int) -> JSONValue {
        var fields = head("chat.completion")
        fields["choices"] = [
            [
                "index": 0,
                "message": ["role": "assistant", "content": .string(result.text), "refusal": nil],
                "logprobs": chat.logprobs ? logprobs(result.tokens) : nil,
                "finish_reason": .string(result.finishReason.rawValue),
            ]
        ]
        fields["usage"] = Self.usage(result, promptTokens: promptTokens)
        fields["timings"] = Self.timings(result, promptTokens: promptTokens)
        fields.add(resolved: resolved, warnings: chat.warnings)
        return .object(fields)
    }

    func roleChunk() -> JSONValue {
        chunk(delta: ["role": "assistant", "content": ""], finish: nil)
    }

    func contentChunk(_ text: String, token: GeneratedToken?) -> JSONValue {
        chunk(delta: ["content": .string(text)], finish: nil, tokens: token.map { [$0] } ?? [])
    }

    func finishChunk(_ result: GenerationResult, promptTokens: Int) -> JSONValue {
        guard case .object(var fields) = chunk(delta: [:], finish: result.finishReason) else { return nil }
        fields["timings"] = Self.timings(result, promptTokens: promptTokens)
        fields.add(resolved: resolved, warnings: chat.warnings)
        return .object(fields)
    }

    func usageChunk(_ result: GenerationResult, promptTokens: Int) -> JSONValue {
        var fields = head("chat.completion.chunk")
        fields["choices"] = []
        fields["usage"] = Self.usage(result, promptTokens: promptTokens)
        return .object(fields)
    }

    static func usage(_ result: GenerationResult, promptTokens: Int) -> JSONValue {
        [
            "prompt_tokens": .integer(promptTokens),
            "completion_tokens": .integer(result.tokens.count),
            "total_tokens": .integer(promptTokens + result.tokens.count),
            "prompt_tokens_details": ["cached_tokens": .integer(result.cachedTokens)],
        ]
    }

    static func timings(_ result: GenerationResult, promptTokens: Int) -> JSONValue {
        func rate(_ count: Int, _ seconds: Double) -> JSONValue { seconds > 0 ? .number(Double(count) / seconds) : nil }
        let decoded = max(0, result.tokens.count - 1)
        return [
            "prompt_n": .integer(promptTokens - result.cachedTokens),
            "prompt_ms": .number(result.promptSeconds * 1000),
            "prompt_per_second": rate(promptTokens - result.cachedTokens, result.promptSeconds),
            "predicted_n": .integer(result.tokens.count),
            "predicted_ms": .number(result.decodeSeconds * 1000),
            "predicted_per_second": rate(decoded, result.decodeSeconds),
        ]
    }

    // MARK: - Private

    private func head(_ object: String) -> [String: JSONValue] {
        ["id": .string(id), "object": .string(object), "created": .integer(created), "model": .string(model)]
    }

    private func chunk(delta: JSONValue, finish: FinishReason?, tokens: [GeneratedToken] = []) -> JSONValue {
        var fields = head("chat.completion.chunk")
        if chat.includesUsage { fields["usage"] = JSONValue.null }
        fields["choices"] = [
            [
                "index": 0,
                "delta": delta,
                "logprobs": chat.logprobs && !tokens.isEmpty ? logprobs(tokens) : nil,
                "finish_reason": finish.map { .string($0.rawValue) } ?? nil,
            ]
        ]
        return .object(fields)
    }

    private func logprobs(_ tokens: [GeneratedToken]) -> JSONValue {
        func entry(_ text: String, _ logprob: Double) -> [String: JSONValue] {
            [
                "token": .string(text), "logprob": .number(logprob),
                "bytes": .array(text.utf8.map { .integer(Int($0)) }),
            ]
        }
        let content = tokens.map { token -> JSONValue in
            var fields = entry(token.text, token.logProbability)
            fields["top_logprobs"] = .array(
                token.alternatives.map { .object(entry(tokenizer.text(of: $0.id), $0.logProbability)) }
            )
            return .object(fields)
        }
        return ["content": .array(content), "refusal": nil]
    }
}
