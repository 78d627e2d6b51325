import Foundation
import JSON
import Testing

@Suite("Token ablation and logit lens over HTTP")
struct ReadoutTests {
    @Test("with every image token replaced, the answer is blind to the pixels", arguments: ["mean", "zero"])
    func blindness(replacement: String) async throws {
        let api = try TestAPI.shared.get()
        func run(_ picture: String) async throws -> JSONValue {
            let ablation: JSONValue = ["kind": "token_ablation", "tokens": "image", "replace": .string(replacement)]
            let members: [String: JSONValue] = ["knockouts": [ablation], "max_tokens": 8]
            return try await api.success("/v1/knockout", .question(image: .string(picture), members: members))
        }
        let (one, two) = (try await run(Pictures.first), try await run(Pictures.second))
        #expect(try one.at("variants.0.run") == two.at("variants.0.run"))
        #expect(try one.at("variants.0.run") != one.at("baseline"))
    }

    @Test("the lens reads every layer, and the last one is the model's own distribution")
    func lens() async throws {
        let api = try TestAPI.shared.get()
        let lens: JSONValue = ["positions": "last", "top_k": 3, "target": "The"]
        let body = try await api.success("/v1/logit-lens", .question(members: ["lens": lens]))
        #expect(try body.at("lens.layers") == .array((0...8).map { .integer($0) }))
        #expect(try body.at("lens.top").shape == [9, 1, 3])
        #expect(try body.at("lens.target_prob").shape == [9, 1])
        let scored = try await api.success(
            "/v1/knockout",
            .question(members: ["knockouts": [], "max_tokens": 0, "score": ["top_k": 3]])
        )
        for place in 0..<3 {
            let read = try body.at("lens.top.8.0.\(place)")
            let own = try scored.at("baseline.next.top.\(place)")
            #expect(read["id"] == own["id"])
            let probability = exp(try #require(own["logprob"]?.number))
            #expect(abs(try #require(read["prob"]?.number) - probability) < 1e-6)
        }
    }

    @Test("by default the lens reads the picture, all words and five of them")
    func defaults() async throws {
        let body = try await TestAPI.shared.get().success("/v1/logit-lens", .question())
        #expect(try body.at("lens.top").shape == [9, 144, 5])
        #expect(try body.at("lens.target_prob") == .null)
    }

    @Test("a streamed lens sends each layer once, then the same as a whole answer")
    func lensStream() async throws {
        let api = try TestAPI.shared.get()
        let members: [String: JSONValue] = ["lens": ["target": "red", "top_k": 2], "max_tokens": 5000]
        let whole = try await api.success("/v1/logit-lens", .question(members: members))
        let streamed = members.merging(["stream": true]) { $1 }
        let answer = try await api.post("/v1/logit-lens", .question(members: streamed))
        let events = try answer.events.dropLast().map { try JSONValue(parsing: Data($0.utf8)) }
        #expect(try events.map { try $0.at("type") } == ["meta"] + Array(repeating: "progress", count: 9) + ["result"])
        for (index, event) in events[1...9].enumerated() {
            #expect(try event.at("layer") == .integer(index))
            #expect(try event.at("top") == whole.at("lens.top.\(index)"))
            #expect(try event.at("target_prob") == whole.at("lens.target_prob.\(index)"))
        }
        #expect(try events[10].at("lens") == whole.at("lens"))
    }

    @Test("the confidence in a word is its largest probability, and where")
    func confidence() async throws {
        let body = JSONValue.question(members: ["lens": ["target": "red", "layers": [3, 8]]])
        let lens = try await TestAPI.shared.get().success("/v1/logit-lens", body).at("lens")
        let rows = try #require(try lens.at("target_prob").array)
        let largest = rows.flatMap { $0.array ?? [] }.compactMap(\.number).max()
        #expect(try lens.at("confidence.prob").number == largest)
        let layer = try #require(try lens.at("layers").array?.firstIndex(of: lens.at("confidence.layer")))
        let position = try #require(try lens.at("positions").array?.firstIndex(of: lens.at("confidence.position")))
        #expect(rows[layer].array?[position].number == largest)
    }

    @Test(
        "what cannot be drawn says why",
        arguments: [
            ("/v1/attention", ["render": ["layer": 99]], "render.layer"),
            ("/v1/attention", ["render": ["row": 99]], "render.row"),
            ("/v1/attention", ["render": ["image": 1]], "render.image"),
            ("/v1/attention", ["attention": ["columns": "all"]], "attention.columns"),
            ("/v1/logit-lens", [:], "lens.target"),
        ] as [(String, [String: JSONValue], String)]
    )
    func undrawable(_ path: String, _ members: [String: JSONValue], _ parameter: String) async throws {
        let api = try TestAPI.shared.get()
        let answer = try await api.post(path, .question(members: members), headers: ["Accept": "image/png"])
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.param") == .string(parameter))
    }
}
