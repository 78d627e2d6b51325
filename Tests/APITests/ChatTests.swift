import Foundation
import JSON
import Testing

@Suite("Chat completions")
struct ChatTests {
    @Test("an answer has OpenAI's shape")
    func shape() async throws {
        let api = try TestAPI.shared.get()
        let body = try await api.success("/v1/chat/completions", .question())
        #expect(try body.at("object") == "chat.completion")
        #expect(try body.at("id").string?.hasPrefix("chatcmpl-") == true)
        #expect(try body.at("created").integer != nil)
        #expect(try body.at("model") == "fovea-scenes")
        #expect(try body.at("choices.0.index") == 0)
        #expect(try body.at("choices.0.message.role") == "assistant")
        #expect(try body.at("choices.0.message.content").string != nil)
        #expect(try body.at("choices.0.logprobs") == nil)
        let prompt = try #require(try body.at("usage.prompt_tokens").integer)
        let completion = try #require(try body.at("usage.completion_tokens").integer)
        #expect(try body.at("usage.total_tokens").integer == prompt + completion)
        #expect(try body.at("usage.prompt_tokens_details.cached_tokens").integer != nil)
        #expect(try body.at("timings.predicted_n").integer == completion)
        #expect(body.object?["warnings"] == nil)
    }

    @Test("log-probabilities list each token with its alternatives, best first")
    func logprobs() async throws {
        let members: [String: JSONValue] = ["logprobs": true, "top_logprobs": 3]
        let body = try await TestAPI.shared.get().success("/v1/chat/completions", .question(members: members))
        let tokens = try #require(try body.at("choices.0.logprobs.content").array)
        #expect(tokens.count == (try body.at("usage.completion_tokens").integer))
        for token in tokens {
            let alternatives = try #require(token["top_logprobs"]?.array)
            #expect(alternatives.count == 3)
            #expect(alternatives.first?["logprob"] == token["logprob"])
            #expect(token["bytes"]?.array?.count == token["token"]?.string?.utf8.count)
        }
        let text = tokens.compactMap { $0["token"]?.string }.joined()
        #expect(try body.at("choices.0.message.content").string == text)
    }

    @Test("a stream is role, contents, finish, usage, done, and its text is the whole answer's")
    func stream() async throws {
        let api = try TestAPI.shared.get()
        let members: [String: JSONValue] = ["stream": true, "stream_options": ["include_usage": true], "colour": 1]
        let answer = try await api.post("/v1/chat/completions", .question(members: members))
        #expect(answer.headers["content-type"]?.hasPrefix("text/event-stream") == true)
        #expect(answer.events.last == "[DONE]")
        let chunks = try answer.events.dropLast().map { try JSONValue(parsing: Data($0.utf8)) }
        #expect(Set(chunks.compactMap { $0["id"]?.string }).count == 1)
        #expect(chunks.allSatisfy { $0["object"] == "chat.completion.chunk" })
        #expect(try chunks[0].at("choices.0.delta") == ["role": "assistant", "content": ""])
        let contents = chunks.dropFirst().dropLast(2)
        #expect(!contents.isEmpty)
        for chunk in contents {
            #expect(try chunk.at("choices.0.finish_reason") == nil)
            #expect(try chunk.at("usage") == nil)
        }
        let finish = chunks[chunks.count - 2]
        #expect(try finish.at("choices.0.delta") == .object([:]))
        #expect(try finish.at("choices.0.finish_reason").string != nil)
        #expect(try finish.at("warnings.0") == "unknown field \"colour\" was ignored")
        let usage = chunks[chunks.count - 1]
        #expect(try usage.at("choices") == [])
        #expect(try usage.at("usage.completion_tokens").integer != nil)
        let whole = try await api.success("/v1/chat/completions", .question())
        let text = try contents.map { try $0.at("choices.0.delta.content").string ?? "" }.joined()
        #expect(try whole.at("choices.0.message.content").string == text)
    }

    @Test("a stop string ends the answer before itself")
    func stop() async throws {
        let api = try TestAPI.shared.get()
        let plain: [String: JSONValue] = ["max_tokens": 8]
        let text = try #require(
            try await api.success("/v1/chat/completions", .question(members: plain)).at("choices.0.message.content")
                .string
        )
        let stop = String(text.suffix(3))
        let members: [String: JSONValue] = ["max_tokens": 8, "stop": [.string(stop), "never said"]]
        let stopped = try await api.success("/v1/chat/completions", .question(members: members))
        #expect(try stopped.at("choices.0.finish_reason") == "stop")
        let end = try #require(text.range(of: stop))
        #expect(try stopped.at("choices.0.message.content").string == String(text[..<end.lowerBound]))
    }

    @Test("null members count as absent; aliases and continued answers are understood")
    func leniency() async throws {
        let api = try TestAPI.shared.get()
        let plain = try await api.success("/v1/chat/completions", .question())
        let names = ["temperature", "seed", "stop", "stream", "logprobs", "n", "model", "interventions", "max_tokens"]
        var members = Dictionary(uniqueKeysWithValues: names.map { ($0, JSONValue.null) })
        members["max_completion_tokens"] = 4
        let same = try await api.success("/v1/chat/completions", .question(members: members))
        #expect(try same.at("choices.0.message.content") == plain.at("choices.0.message.content"))
        let continued: JSONValue = [
            "messages": [
                ["role": "developer", "content": "Be brief."], ["role": "user", "content": "What is it?"],
                ["role": "assistant", "content": "It is a"],
            ], "max_completion_tokens": 2,
        ]
        let answer = try await api.success("/v1/chat/completions", continued)
        #expect(try answer.at("usage.completion_tokens").integer ?? 9 <= 2)
    }

    @Test("unknown members are named wherever they stand")
    func warnings() async throws {
        let members: [String: JSONValue] = [
            "user": "me", "stream_options": ["include_obfuscation": true],
            "interventions": [["kind": "attention_knockout", "preset": "img->gen", "layer": 3]],
        ]
        let body = try await TestAPI.shared.get().success("/v1/chat/completions", .question(members: members))
        let expected = ["interventions[0].layer", "stream_options.include_obfuscation", "user"]
        #expect(try body.at("warnings") == .array(expected.map { .string("unknown field \"\($0)\" was ignored") }))
    }

    @Test("a seed repeats a draw; greedy answers are the same however many are asked at once")
    func determinism() async throws {
        let api = try TestAPI.shared.get()
        func text(_ members: [String: JSONValue]) async throws -> String? {
            try await api.success("/v1/chat/completions", .question(members: members)).at("choices.0.message.content")
                .string
        }
        let hot: [String: JSONValue] = ["temperature": 1.5, "seed": 7, "max_tokens": 12]
        #expect(try await text(hot) == text(hot))
        let alone = try await text(["max_tokens": 12])
        try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<8 { group.addTask { try await text(["max_tokens": 12]) } }
            for try await together in group { #expect(together == alone) }
        }
    }

    @Test("a client that leaves in the middle of a stream leaves the server serving")
    func disconnect() async throws {
        let api = try TestAPI.shared.get()
        for _ in 0..<3 {
            let body = JSONValue.question(members: ["stream": true, "max_tokens": 1000]).serialized()
            try await api.client.abandon("/v1/chat/completions", body)
        }
        #expect(try await api.success("/v1/chat/completions", .question()).at("object") == "chat.completion")
    }
}
