import Foundation
import JSON
import Testing

@Suite("Ablation studies over HTTP")
struct AblationTests {
    /// A scene with one large red circle in the middle.
    private static let scene: JSONValue = .string(Pictures.example("scene-01.png"))
    private static let circle: JSONValue = ["box": [100, 148, 224, 272]]

    private func ablate(_ question: String, _ members: [String: JSONValue]) async throws -> HTTPClient.Answer {
        let body = JSONValue.question(question, image: Self.scene, members: members)
        return try await TestAPI.shared.get().post("/v1/ablation", body)
    }

    private func success(_ question: String, _ members: [String: JSONValue]) async throws -> JSONValue {
        let answer = try await ablate(question, members)
        try #require(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
        return try answer.json
    }

    @Test("object sets, rings and random baselines of the same sizes; the object costs the answer, chance does not")
    func polling() async throws {
        let body = try await success(
            "Is there a red circle in this image?",
            ["object": Self.circle, "baselines": ["random"], "task": "polling", "seed": 1]
        )
        let names = try #require(try body.at("variants").array).compactMap { $0["name"]?.string }
        #expect(names.prefix(3) == ["object", "object+1", "object+2"])
        let sizes = try (0..<3).map { try #require(try body.at("variants.\($0).positions").array).count }
        #expect(names.dropFirst(3) == sizes.map { "random-\($0)" }[...])
        // Patches of 32 pixels: columns 3–6, rows 4–8.
        #expect(sizes == [20, 42, 72])
        #expect(try body.at("baseline.correct") == true)
        #expect(try body.at("variants.1.run.correct") == false)
        #expect(try body.at("variants.1.compare.flipped") == true)
        #expect(try body.at("variants.1.compare.delta_prob.Yes").number ?? 0 < -0.5)
        #expect(try body.at("variants.1.compare.delta_logit.Yes").number != nil)
        let rate = try #require(try body.at("flip_rate").number)
        let flipped = try names.indices.filter { try body.at("variants.\($0).compare.flipped") == true }.count
        #expect(abs(rate - Double(flipped) / Double(names.count)) < 1e-12)
    }

    @Test("a listed ablation is the intervention of the same words")
    func sameAsIntervention() async throws {
        let tokens: JSONValue = ["box": [100, 148, 224, 272], "buffer": 1]
        let study = try await success(
            "Describe this image.",
            [
                "ablations": [["name": "mine", "tokens": tokens, "replace": "zero"]], "max_tokens": 6,
                "judge": "lexical",
            ]
        )
        #expect(try study.at("variants.0.name") == "mine")
        let ablation: JSONValue = ["kind": "token_ablation", "tokens": tokens, "replace": "zero"]
        #expect(try study.at("variants.0.interventions") == [ablation])
        let chat = try await TestAPI.shared.get().success(
            "/v1/chat/completions",
            .question(
                "Describe this image.",
                image: Self.scene,
                members: ["interventions": [ablation], "max_tokens": 6]
            )
        )
        #expect(try study.at("variants.0.run.text") == chat.at("choices.0.message.content"))
        #expect(try study.at("variants.0.compare.objects.tp").integer != nil)
        #expect(study["flip_rate"] == nil)
    }

    @Test("forced answers are right if the next token begins the class")
    func vqa() async throws {
        let content: JSONValue = [
            ["type": "image_url", "image_url": ["url": Self.scene]], ["type": "text", "text": "Describe this image."],
        ]
        let body = try await TestAPI.shared.get().success(
            "/v1/ablation",
            [
                "messages": [["role": "user", "content": content], ["role": "assistant", "content": "It is a"]],
                "max_tokens": 0, "object": Self.circle, "task": "vqa", "class": "red circle",
            ]
        )
        #expect(try body.at("baseline.correct") == true)
        #expect(try body.at("baseline.next.targets").object?.keys.first == "red circle")
        #expect(try body.at("variants.0.compare.delta_logprob.red circle").number ?? 0 < 0)
    }

    @Test("counts set the sizes of baselines; registers that are not there are named and left out")
    func counts() async throws {
        let body = try await success(
            "Describe this image.",
            ["counts": [5, 10], "baselines": ["random", "register"], "task": "generative", "class": "circle"]
        )
        let names = try #require(try body.at("variants").array).compactMap { $0["name"]?.string }
        let warnings = body["warnings"]?.array?.compactMap(\.string) ?? []
        #expect(names.prefix(2) == ["random-5", "random-10"])
        #expect(names.contains("register") != warnings.contains { $0.contains("register") })
        #expect(try body.at("variants.0.positions").array?.count == 5)
    }

    @Test("gradient sets hold the tokens that /v1/gradients ranks first")
    func gradients() async throws {
        let question = "Is there a red circle in this image?"
        let gradients: JSONValue = ["steps": 2, "target": "Yes"]
        let study = try await success(
            question,
            ["counts": [3, 8], "baselines": ["gradient"], "gradients": gradients, "max_tokens": 0]
        )
        let names = try #require(try study.at("variants").array).compactMap { $0["name"]?.string }
        #expect(names == ["gradient-3", "gradient-8"])
        let found = try await TestAPI.shared.get().success(
            "/v1/gradients",
            .question(question, image: Self.scene, members: ["gradients": gradients])
        )
        let positions = try #require(try found.at("gradients.positions").array).compactMap(\.integer)
        let scores = try #require(try found.at("gradients.absolute").array).compactMap(\.number)
        let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(8).map { positions[$0] }
        #expect(try study.at("variants.1.positions").array?.compactMap(\.integer) == best.sorted())
    }

    @Test("a study streams its variants")
    func stream() async throws {
        let answer = try await ablate("Describe this image.", ["object": Self.circle, "stream": true, "max_tokens": 1])
        let types = try answer.events.dropLast().compactMap { try JSONValue(parsing: Data($0.utf8))["type"]?.string }
        #expect(types == ["meta", "progress", "variant", "variant", "variant", "result"])
    }

    @Test(
        "what a study lacks or cannot have is named",
        arguments: [
            ([:], 400, "ablations"), (["ablations": [["replace": "zero"]]], 400, "ablations[0].tokens"),
            (["ablations": [["tokens": "imago"]]], 400, "ablations[0].tokens"),
            (["object": ["box": [0, 0, 9, 9]], "baselines": ["chance"]], 400, "baselines[0]"),
            (["baselines": ["random"], "counts": [0]], 422, "counts"),
            (["baselines": ["random"], "counts": [145]], 422, "counts"),
            (["object": ["box": [0, 0, 9, 9]], "task": "guess"], 400, "task"),
            (["object": ["box": [0, 0, 9, 9]], "task": "vqa"], 400, "class"),
        ] as [([String: JSONValue], Int, String)]
    )
    func errors(members: [String: JSONValue], status: Int, parameter: String) async throws {
        let answer = try await ablate("Describe this image.", members)
        #expect(answer.status == status)
        #expect(try answer.json.at("error.param") == .string(parameter))
    }
}
