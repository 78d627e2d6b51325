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
            (["interventions": [["kind": "token_ablation", "tokens": "generated"]]], 422, "interventions[0].tokens"),
        ] as [([String: JSONValue], Int, String)]
    )
    func refusals(members: [String: JSONValue], status: Int, parameter: String) async throws {
        let answer = try await TestAPI.shared.get().post("/v1/gradients", .question(members: members))
        #expect(answer.status == status, "\(String(decoding: answer.body, as: UTF8.self))")
        #expect(try answer.json.at("error.param").string == parameter)
    }

    private static let rivals: JSONValue = [
        "messages": [["role": "user", "content": "Is there a blue square in this image?"]]
    ]

    private static let every: [JSONValue] = [
        ["kind": "attention_knockout", "from": "image", "to": "last", "layers": ["from": 4]],
        ["kind": "attention_scale", "from": "image", "to": "last", "factor": 3, "layers": "all"],
        ["kind": "token_ablation", "tokens": ["rows": [0, 1, 2]]],
        ["kind": "token_ablation", "tokens": ["rows": [4, 5]], "replace": "zero", "site": ["layer": 2]],
        ["kind": "token_ablation", "tokens": "image", "replace": "noise"],
        ["kind": "token_ablation", "tokens": "image", "replace": "image_mean", "site": ["layer": 1]],
        ["kind": "head_ablation", "layers": "all", "heads": [1]],
        ["kind": "project_away", "tokens": "image", "direction": ["word": "red"], "layers": "all"],
        [
            "kind": "activation_patch", "site": "text.blocks.2.resid.post", "positions": "last", "source": rivals,
        ],
        [
            "kind": "attention_knockout", "from": ["top_attended": 0.2, "of": "image"], "to": "last",
            "layers": "all",
        ],
    ]

    @Test("every intervention acts, and the logit is the one under it", arguments: every)
    func interventions(intervention: JSONValue) async throws {
        let api = try TestAPI.shared.get()
        var members: [String: JSONValue] = ["max_tokens": 1, "logprobs": true]
        let question = "Is there a red circle in this image?"
        func gradients(_ method: String) async throws -> [Double] {
            let asked: [String: JSONValue] = ["gradients": ["method": .string(method), "target": "Yes", "steps": 2]]
            let body = JSONValue.question(question, members: members.merging(asked) { $1 })
            return try #require(try await api.success("/v1/gradients", body).at("gradients.absolute").array)
                .compactMap(\.number)
        }
        let plain = try await gradients("integrated")
        members["interventions"] = [intervention]
        let changed = try await gradients("integrated")
        #expect(plain != changed && plain.count == changed.count)
        if intervention["kind"] == "token_ablation", intervention["tokens"] == "image" {
            #expect(intervention["site"] != nil || changed.allSatisfy { $0 == 0 })
        }
        #expect(try await gradients("relevancy").count == plain.count)
        let chat = try await api.success("/v1/chat/completions", .question(question, members: members))
        let body = try await api.success(
            "/v1/gradients",
            .question(question, members: members.merging(["gradients": ["method": "gradient"]]) { $1 })
        )
        #expect(try body.at("gradients.target.logprob") == chat.at("choices.0.logprobs.content.0.logprob"))
        #expect(body["resolved"] != nil)
    }

    @Test("an ablation's gradient sets are those of the gradients under the same interventions")
    func gradientSets() async throws {
        let api = try TestAPI.shared.get()
        let question = "Is there a red circle in this image?"
        let shared: [String: JSONValue] = [
            "interventions": [
                ["kind": "token_ablation", "tokens": ["rows": [0, 1]], "replace": "zero"],
                ["kind": "project_away", "tokens": "image", "direction": ["word": "red"], "layers": [3]],
                ["kind": "head_ablation", "layers": [2], "heads": [0]],
            ],
            "gradients": ["steps": 2, "target": "Yes"],
        ]
        let found = try await api.success("/v1/gradients", .question(question, members: shared))
        let positions = try #require(try found.at("gradients.positions").array).compactMap(\.integer)
        let scores = try #require(try found.at("gradients.absolute").array).compactMap(\.number)
        #expect(scores.count { $0 == 0 } == 24, "two rows of twelve")
        let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(6).map { positions[$0] }
        let members: [String: JSONValue] = ["counts": [6], "baselines": ["gradient"], "max_tokens": 0]
        let study = try await api.success(
            "/v1/ablation",
            .question(question, members: members.merging(shared) { first, _ in first })
        )
        #expect(try study.at("variants.0.positions").array?.compactMap(\.integer) == best.sorted())
    }

    @Test("an estimate counts gradients under interventions too")
    func estimate() async throws {
        let members: [String: JSONValue] = [
            "route": "/v1/gradients", "interventions": [["kind": "token_ablation", "tokens": "image"]],
        ]
        let estimate = try await TestAPI.shared.get().success("/v1/estimate", .question(members: members))
        #expect(try #require(try estimate.at("gradient_rows").integer) > 0)
    }

    @Test("a prompt without a picture has no image tokens to score")
    func noPicture() async throws {
        let answer = try await TestAPI.shared.get().post("/v1/gradients", .question(image: nil))
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.param") == "gradients.positions")
    }
}
