import Foundation
import JSON
import Testing

@Suite("Interventions of every kind over HTTP")
struct InterventionTests {
    @Test(
        "each kind changes the next token's distribution, on chat and on probe routes",
        arguments: [
            ["kind": "attention_scale", "from": "image", "to": "post_image", "factor": 0.1],
            ["kind": "token_ablation", "tokens": "image", "replace": "noise", "seed": 3],
            ["kind": "token_ablation", "tokens": "image", "replace": "image_mean", "site": ["layer": 2]],
            ["kind": "token_ablation", "tokens": "image", "replace": "noise", "site": ["layer": 2]],
            ["kind": "head_ablation", "heads": [0, 1], "layers": ["from": 2]],
            ["kind": "project_away", "tokens": "post_image", "direction": ["word": "The"], "only_positive": false],
            [
                "kind": "activation_patch", "site": "text.blocks.3.resid.post", "positions": "last",
                "source": .question("Is there a cat?", image: .string(Pictures.second)),
            ],
        ] as [JSONValue]
    )
    func kinds(_ intervention: JSONValue) async throws {
        let api = try TestAPI.shared.get()
        let members: [String: JSONValue] = ["knockouts": [intervention], "max_tokens": 2]
        let study = try await api.success("/v1/knockout", .question(members: members))
        #expect(try study.at("variants.0.run.next") != study.at("baseline.next"))
        #expect(study["warnings"] == nil)

        let chat: [String: JSONValue] = ["interventions": [intervention], "max_tokens": 2, "logprobs": true]
        let answer = try await api.success("/v1/chat/completions", .question(members: chat))
        let first = try answer.at("choices.0.logprobs.content.0.logprob")
        let variant = try study.at("variants.0.run.tokens.0.logprob")
        #expect(first == variant, "the variant starts from a shared prefix, the chat does not")
        for route in ["attention", "logit-lens"] {
            _ = try await api.success("/v1/\(route)", .question(members: chat))
        }
    }

    @Test("a patch from the run itself is the identity; one from another picture is not")
    func patches() async throws {
        let api = try TestAPI.shared.get()
        func patch(_ picture: String, site: String) -> JSONValue {
            [
                "kind": "activation_patch", "site": .string(site), "positions": "image",
                "source": .question(image: .string(picture)),
            ]
        }
        let site = "text.blocks.0.resid.pre"
        let members: [String: JSONValue] = [
            "knockouts": [patch(Pictures.first, site: site), patch(Pictures.second, site: site)], "max_tokens": 3,
        ]
        let body = try await api.success("/v1/knockout", .question(members: members))
        #expect(try body.at("variants.0.run") == body.at("baseline"))
        #expect(try body.at("variants.1.run.next") != body.at("baseline.next"))
        #expect(try body.at("variants.1.layers") == [0])
        // The picture is all that differs between the two prompts.
        let other = try await api.success(
            "/v1/knockout",
            .question(image: .string(Pictures.second), members: ["knockouts": [], "max_tokens": 3])
        )
        #expect(try body.at("variants.1.run") == other.at("baseline"))
    }

    @Test(
        "what cannot be done is refused at its path",
        arguments: [
            (["kind": "attention_scale", "from": "image", "to": "last"], 400, "factor"),
            (["kind": "attention_scale", "from": "image", "to": "last", "factor": -1], 400, "factor"),
            (["kind": "attention_scale", "from": "image", "to": "last", "factor": 2, "heads": [4]], 422, "heads"),
            (["kind": "head_ablation", "heads": [0], "layers": [8]], 422, "layers"),
            (["kind": "head_ablation", "heads": []], 422, "heads"),
            (["kind": "token_ablation", "tokens": "generated", "replace": "zero"], 422, "tokens"),
            (["kind": "token_ablation", "tokens": "image", "site": ["layer": 8]], 422, "site.layer"),
            (
                ["kind": "token_ablation", "tokens": "image", "replace": "noise", "site": ["layer": 8]], 422,
                "site.layer"
            ),
            (["kind": "token_ablation", "tokens": "image", "site": "logits"], 400, "site"),
            (
                ["kind": "token_ablation", "tokens": "last", "replace": "image_mean", "site": ["layer": 1]], 422,
                "tokens"
            ),
            (["kind": "project_away", "tokens": "image", "direction": ["word": ""]], 400, "direction.word"),
            (["kind": "project_away", "tokens": "image", "direction": ["token": 100_000]], 422, "direction.token"),
            (["kind": "project_away", "tokens": "image", "direction": ["vector": [1, 2]]], 422, "direction.vector"),
            (["kind": "project_away", "tokens": "image", "direction": "dog"], 400, "direction"),
            (["kind": "activation_patch", "site": "text.nowhere", "positions": "last", "source": [:]], 400, "site"),
            (
                [
                    "kind": "activation_patch", "site": "text.blocks.0.attn.pattern", "positions": "last",
                    "source": ["array": [1]],
                ], 422, "site"
            ),
            (
                [
                    "kind": "activation_patch", "site": "text.blocks.8.resid.pre", "positions": "last",
                    "source": .question(),
                ], 422, "site"
            ),
            (
                [
                    "kind": "activation_patch", "site": "text.embed", "positions": "last", "source": ["array": [1, 2]],
                ], 422, "source.array"
            ),
            (
                [
                    "kind": "activation_patch", "site": "text.embed", "positions": "last",
                    "source": ["array": ["dtype": "f32", "shape": [2], "data": "AAAA"]],
                ], 400, "source.array.data"
            ),
            (
                [
                    "kind": "activation_patch", "site": "text.embed", "positions": "last",
                    "source": ["messages": [["role": "cat", "content": "hi"]]],
                ], 400, "source.messages[0].role"
            ),
            (
                [
                    "kind": "activation_patch", "site": "text.embed", "positions": "image", "source_positions": "last",
                    "source": .question(members: ["interventions": ["img->txt"]]),
                ], nil, ""
            ),
            (
                [
                    "kind": "activation_patch", "site": "text.embed", "positions": "last",
                    "source": .question(
                        members: [
                            "interventions": [
                                [
                                    "kind": "activation_patch", "site": "text.embed", "positions": "last",
                                    "source": .question(),
                                ]
                            ]
                        ]
                    ),
                ], 422, "source.interventions[0]"
            ),
            (
                [
                    "kind": "activation_patch", "site": "text.embed", "positions": "last",
                    "source": .question(String(repeating: "many words ", count: 5000)),
                ], 400, "source.messages"
            ),
        ] as [(JSONValue, Int?, String)]
    )
    func refusals(_ intervention: JSONValue, status: Int?, path: String) async throws {
        let body = JSONValue.question(members: ["interventions": [intervention], "max_tokens": 1])
        let answer = try await TestAPI.shared.get().post("/v1/chat/completions", body)
        #expect(answer.status == status ?? 200, "\(String(decoding: answer.body, as: UTF8.self))")
        guard status != nil else { return }
        #expect(try answer.json.at("error.param") == .string("interventions[0].\(path)"))
    }
}
