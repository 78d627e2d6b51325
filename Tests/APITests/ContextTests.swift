import Foundation
import JSON
import Testing

@Suite("Compressed contexts over HTTP")
struct ContextTests {
    @Test("a context keeps as many image tokens in every layer as it was told to")
    func keeps() async throws {
        let api = try TestAPI.shared.get()
        let body = try await api.success("/v1/contexts", .question(members: ["compress": ["keep": 0.05]]))
        let length = try #require(try body.at("layout.length").integer)
        let image = try #require(try body.at("layout.spans.image.0").array).compactMap(\.integer)
        #expect(try body.at("tokens_full").integer == length)
        #expect(try body.at("tokens_kept").integer == length - 144 + 7)
        #expect(try body.at("kept").shape == [8, 7])
        let kept = try #require(try body.at("kept").array).map { $0.array?.compactMap(\.integer) ?? [] }
        #expect(
            kept.allSatisfy { layer in
                layer == layer.sorted() && layer.allSatisfy { (image[0]..<image[1]).contains($0) }
            }
        )
        #expect(Set(kept).count > 1, "layers choose for themselves")
        #expect(try body.at("text").string?.isEmpty == false)
        let id = try #require(try body.at("context_id").string)
        let info = try await api.get("/v1/contexts/\(id)").json
        #expect(info["kept"] == body["kept"] && info["tokens_kept"] == body["tokens_kept"])
    }

    @Test("what JavaScript makes of 1.0 is one token; a percentage keeps them all")
    func wholeNumbers() async throws {
        let api = try TestAPI.shared.get()
        func kept(_ keep: String) async throws -> [Int] {
            let question = String(decoding: JSONValue.question().serialized().dropFirst(), as: UTF8.self)
            let body = Data("{\"compress\":{\"select\":\"norm\",\"keep\":\(keep)},\(question)".utf8)
            return try await api.client.send("POST", "/v1/contexts", body).json.at("kept").shape
        }
        #expect(try await kept("1") == [8, 1])
        #expect(try await kept("1.0") == [8, 144])
        #expect(try await kept("\"100%\"") == [8, 144])
    }

    @Test("attention of the rows that /v1/attention reports decides what is kept")
    func choosesByAttention() async throws {
        let api = try TestAPI.shared.get()
        let body = try await api.success("/v1/contexts", .question(members: ["compress": ["keep": 9]]))
        let attention = try await api.success("/v1/attention", .question())
        let first = try #require(try attention.at("layout.spans.image.0.0").integer)
        let rows = try #require(try attention.at("attention.maps").array)
        for layer in 0..<8 {
            var scores = [Double](repeating: 0, count: 144)
            for row in rows {
                for (index, value) in try #require(try row.at("\(layer)").array).enumerated() {
                    scores[index] += value.number ?? .nan
                }
            }
            let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(9).sorted().map { $0 + first }
            #expect(try body.at("kept.\(layer)").array?.compactMap(\.integer) == best)
        }
    }

    @Test("a question is answered as a chat completion, whole or streamed, again and again")
    func ask() async throws {
        let api = try TestAPI.shared.get()
        let id = try await context(api, ["keep": 1.0, "select": "question"])
        let question: [String: JSONValue] = [
            "question": "how many shapes are there?", "max_tokens": 6, "logprobs": true,
        ]
        let body = try await api.success("/v1/contexts/\(id)/ask", .object(question))
        let text = try #require(try body.at("choices.0.message.content").string)
        #expect(try body.at("object") == "chat.completion")
        let full = try #require(try await api.get("/v1/contexts/\(id)").json["tokens_full"]?.integer)
        #expect(try body.at("usage.prompt_tokens_details.cached_tokens").integer == full)
        #expect(try body.at("usage.prompt_tokens").integer ?? 0 > full)
        let streamed = question.merging(["stream": true, "typo": 1]) { _, new in new }
        let answer = try await api.post("/v1/contexts/\(id)/ask", .object(streamed))
        #expect(answer.events.last == "[DONE]")
        let chunks = try answer.events.dropLast().map { try JSONValue(parsing: Data($0.utf8)) }
        #expect(try chunks.compactMap { try $0.at("choices.0.delta").object?["content"]?.string }.joined() == text)
        #expect(chunks.last?["warnings"] == ["unknown field \"typo\" was ignored"])
        let again = try await api.success("/v1/contexts/\(id)/ask", .object(question))
        #expect(again["choices"] == body["choices"])
    }

    @Test("a deleted context is gone")
    func remove() async throws {
        let api = try TestAPI.shared.get()
        let id = try await context(api, ["strategy": "q"])
        let answer = try await api.client.send("DELETE", "/v1/contexts/\(id)")
        #expect(answer.status == 200)
        #expect(try answer.json["deleted"] == true)
        for (method, path) in [("GET", ""), ("DELETE", ""), ("POST", "/ask")] {
            let body = method == "POST" ? JSONValue.object(["question": "why?"]).serialized() : Data()
            let gone = try await api.client.send(method, "/v1/contexts/\(id)\(path)", body)
            #expect(gone.status == 404)
            #expect(try gone.json.at("error.code") == "context_not_found")
        }
    }

    @Test(
        "what cannot be compressed or asked is named",
        arguments: [
            (["compress": ["keep": 0]], 400, "compress.keep"), (["compress": ["keep": 145]], 422, "compress.keep"),
            (["compress": ["select": "luck"]], 400, "compress.select"),
            (["compress": ["select": "generated"], "max_tokens": 0], 422, "compress.select"),
        ] as [([String: JSONValue], Int, String)]
    )
    func refusals(members: [String: JSONValue], status: Int, parameter: String) async throws {
        let answer = try await TestAPI.shared.get().post("/v1/contexts", .question(members: members))
        #expect(answer.status == status)
        #expect(try answer.json.at("error.param").string == parameter)
    }

    @Test("a prompt without a picture has nothing to compress")
    func noPicture() async throws {
        let answer = try await TestAPI.shared.get().post("/v1/contexts", .question(image: nil))
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.param") == "compress")
    }

    @Test(
        "a question must be one, and may only change what is computed",
        arguments: [
            ([:], 400, "question"), (["question": ""], 400, "question"), (["question": 3], 400, "question"),
            (["question": "why?", "messages": []], 400, "messages"),
            (["question": "why?", "interventions": ["img->txt"]], 422, "interventions"),
            (["question": "why?", "max_tokens": 100_000], 400, "max_tokens"),
        ] as [([String: JSONValue], Int, String)]
    )
    func badQuestions(body: [String: JSONValue], status: Int, parameter: String) async throws {
        let api = try TestAPI.shared.get()
        let id = try await context(api, ["keep": 4, "select": "random"])
        let answer = try await api.post("/v1/contexts/\(id)/ask", .object(body))
        #expect(answer.status == status, "\(String(decoding: answer.body, as: UTF8.self))")
        #expect(try answer.json.at("error.param").string == parameter)
    }

    @Test("interventions act on the question and the answer")
    func interventions() async throws {
        let api = try TestAPI.shared.get()
        let id = try await context(api, ["keep": 1.0, "select": "question"])
        let question: [String: JSONValue] = ["question": "is there a red circle?", "max_tokens": 1, "logprobs": true]
        let cut: JSONValue = ["kind": "attention_knockout", "from": "image", "to": "question"]
        let plain = try await api.success("/v1/contexts/\(id)/ask", .object(question))
        let changed = try await api.success(
            "/v1/contexts/\(id)/ask",
            .object(question.merging(["interventions": [cut]]) { _, new in new })
        )
        let path = "choices.0.logprobs.content.0.logprob"
        #expect(try plain.at(path) != changed.at(path))
    }

    private func context(_ api: TestAPI, _ compress: JSONValue) async throws -> String {
        let body = try await api.success("/v1/contexts", .question(members: ["compress": compress]))
        return try #require(try body.at("context_id").string)
    }
}
