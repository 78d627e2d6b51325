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
}
