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

    @Test("at the answer's own positions the lens reads what it reads where the prompt dictates the same answer")
    func answeredPositions() async throws {
        let api = try TestAPI.shared.get()
        func members(_ positions: JSONValue) -> [String: JSONValue] {
            ["lens": ["positions": positions, "target": "red", "top_k": 2], "max_tokens": 5]
        }
        let read = try await api.success(
            "/v1/logit-lens",
            .question(members: members(["union": ["last", "generated"]]))
        )
        let length = try #require(try read.at("layout.length").integer)
        // The last token passes through no layer.
        #expect(try read.at("lens.positions") == .array((length - 1..<length + 4).map { .integer($0) }))
        #expect(try read.at("lens.top").shape == [9, 5, 2])
        let user = try #require(try JSONValue.question().at("messages").array)
        let dictated: [String: JSONValue] = [
            "messages": .array(user + [["role": "assistant", "content": try read.at("text")]])
        ]
        let again = try await api.success(
            "/v1/logit-lens",
            .question(members: members(try read.at("lens.positions")).merging(dictated) { $1 })
        )
        #expect(try again.at("lens") == read.at("lens"))
        #expect(again["text"] == nil)
    }

    @Test("a streamed lens over the answer sends each position between the tokens before and after it")
    func answerStream() async throws {
        let api = try TestAPI.shared.get()
        let lens: JSONValue = ["positions": ["union": ["last", "generated"]], "layers": [2, 8], "target": "red"]
        let members: [String: JSONValue] = ["lens": lens, "max_tokens": 4]
        let whole = try await api.success("/v1/logit-lens", .question(members: members))
        let streamed = JSONValue.question(members: members.merging(["stream": true]) { $1 })
        let answer = try await api.post("/v1/logit-lens", streamed)
        let events = try answer.events.dropLast().map { try JSONValue(parsing: Data($0.utf8)) }
        let types = try events.map { try $0.at("type").string }
        #expect(
            types == ["meta", "progress", "progress"] + Array(repeating: ["token", "progress"], count: 3).joined()
                + ["token", "result"]
        )
        let length = try #require(try whole.at("layout.length").integer)
        for step in 0..<3 {
            let event = events[4 + 2 * step]
            #expect(try event.at("position") == .integer(length + step))
            for layer in 0..<2 {
                #expect(try event.at("top.\(layer)") == whole.at("lens.top.\(layer).\(step + 1)"))
                #expect(try event.at("target_prob.\(layer)") == whole.at("lens.target_prob.\(layer).\(step + 1)"))
            }
        }
        #expect(try events.last?.at("lens") == whole.at("lens"))
    }

    @Test("too many words at the answer's positions name max_tokens")
    func tooManyWords() async throws {
        let lens: JSONValue = ["positions": "generated", "top_k": 1000]
        let body = JSONValue.question(members: ["lens": lens, "max_tokens": 200])
        let answer = try await TestAPI.shared.get().post("/v1/logit-lens", body)
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.message").string?.contains("199 positions") == true)
        #expect(try answer.json.at("error.message").string?.contains("max_tokens") == true)
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
            ("/v1/logit-lens", ["lens": ["target": "red", "positions": "last"]], "lens.positions"),
        ] as [(String, [String: JSONValue], String)]
    )
    func undrawable(_ path: String, _ members: [String: JSONValue], _ parameter: String) async throws {
        let api = try TestAPI.shared.get()
        let answer = try await api.post(path, .question(members: members), headers: ["Accept": "image/png"])
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.param") == .string(parameter))
    }
}
