import Foundation
import JSON
import Testing

@Suite("Gradients over HTTP")
struct GradientTests {
    @Test("integrated gradients name their target and add up")
    func integrated() async throws {
        let members: [String: JSONValue] = ["gradients": ["target": "Yes", "steps": 8]]
        let body = try await TestAPI.shared.get().success(
            "/v1/gradients",
            .question("Is there a red circle in this image?", members: members)
        )
        let image = try #require(try body.at("layout.spans.image.0").array).compactMap(\.integer)
        let positions = try #require(try body.at("gradients.positions").array).compactMap(\.integer)
        #expect(positions == Array(image[0]..<image[1]))
        let signed = try #require(try body.at("gradients.signed").array).compactMap(\.number)
        let absolute = try #require(try body.at("gradients.absolute").array).compactMap(\.number)
        #expect(signed.count == 144 && absolute.count == 144)
        #expect(zip(signed, absolute).allSatisfy { abs($0) <= $1 * 1.0001 + 1e-6 })
        let completeness = try body.at("gradients.completeness")
        let sum = try #require(completeness["sum"]?.number)
        let difference = try #require(completeness["difference"]?.number)
        #expect(abs(sum - signed.reduce(0, +)) < 1e-2)
        #expect(abs(try #require(completeness["error"]?.number) - abs(sum - difference)) < 1e-9)
        #expect(try body.at("gradients.target.id").integer != nil)
        #expect(try body.at("gradients.steps") == 8 && body.at("gradients.baseline") == "mean")
    }

    @Test(
        "every method scores the tokens that were asked for",
        arguments: ["gradient", "gradient_x_input", "relevancy"]
    )
    func methods(method: String) async throws {
        let members: [String: JSONValue] = ["gradients": ["method": .string(method), "positions": "question"]]
        let body = try await TestAPI.shared.get().success("/v1/gradients", .question(members: members))
        let count = try #require(try body.at("layout.tokens").array).filter { $0["kind"] == "question" }.count
        #expect(try body.at("gradients.absolute").array?.count == count)
        #expect(try body.at("gradients").object?["signed"] == .null || method != "relevancy")
        #expect(try body.at("gradients").object?["completeness"] == .null)
    }

    @Test("without a target the likeliest next token is explained")
    func target() async throws {
        let api = try TestAPI.shared.get()
        let body = try await api.success("/v1/gradients", .question(members: ["gradients": ["method": "gradient"]]))
        let chat = try await api.success(
            "/v1/chat/completions",
            .question(members: ["max_tokens": 1, "logprobs": true])
        )
        let token = try chat.at("choices.0.logprobs.content.0")
        #expect(try body.at("gradients.target.logprob") == token["logprob"])
    }

    @Test("a stream tells how far it is")
    func stream() async throws {
        let members: [String: JSONValue] = ["stream": true, "gradients": ["steps": 4, "baseline": "zero"]]
        let answer = try await TestAPI.shared.get().post("/v1/gradients", .question(members: members))
        let events = try answer.events.dropLast().map { try JSONValue(parsing: Data($0.utf8)) }
        #expect(answer.events.last == "[DONE]")
        #expect(events.first?["type"] == "meta" && events.last?["type"] == "result")
        let progress = events.filter { $0["type"] == "progress" }
        #expect(progress.last?["done"] == 4 && progress.last?["total"] == 4)
    }

    @Test(
        "what cannot be explained is named",
        arguments: [
            (["gradients": ["method": "guess"]], 400, "gradients.method"),
            (["gradients": ["steps": 0]], 400, "gradients.steps"),
            (["gradients": ["steps": 1001]], 400, "gradients.steps"),
            (["gradients": ["rule": "simpson"]], 400, "gradients.rule"),
            (["gradients": ["target": ""]], 400, "gradients.target"),
            (["gradients": ["positions": "generated"]], 422, "gradients.positions"),
            (["gradients": 3], 400, "gradients"),
            (["interventions": [["kind": "token_ablation", "tokens": "image"]]], 422, "interventions"),
        ] as [([String: JSONValue], Int, String)]
    )
    func refusals(members: [String: JSONValue], status: Int, parameter: String) async throws {
        let answer = try await TestAPI.shared.get().post("/v1/gradients", .question(members: members))
        #expect(answer.status == status, "\(String(decoding: answer.body, as: UTF8.self))")
        #expect(try answer.json.at("error.param").string == parameter)
    }

    @Test("a prompt without a picture has no image tokens to score")
    func noPicture() async throws {
        let answer = try await TestAPI.shared.get().post("/v1/gradients", .question(image: nil))
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.param") == "gradients.positions")
    }
}
