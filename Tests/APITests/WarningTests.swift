import Foundation
import JSON
import Testing

/// What is asked for and has no effect is said, not passed over.
@Suite("Warnings and refusals of what would have no effect")
struct WarningTests {
    private func warnings(_ path: String, _ members: [String: JSONValue]) async throws -> [String] {
        let body = JSONValue.question(members: members.merging(["max_tokens": 1]) { own, _ in own })
        let answer = try await TestAPI.shared.get().success(path, body)
        return (answer["warnings"]?.array ?? []).compactMap(\.string)
    }

    private func refusal(
        _ path: String,
        _ members: [String: JSONValue],
        headers: [String: String] = [:]
    ) async throws -> JSONValue {
        let answer = try await TestAPI.shared.get().post(path, .question(members: members), headers: headers)
        #expect(answer.status == 422)
        return try answer.json.at("error")
    }

    @Test("a preset has edges of its own, and what stands beside it is named")
    func besideAPreset() async throws {
        let knockout: JSONValue = [
            "kind": "attention_knockout", "preset": "img->gen", "layers": [1], "from": ["box": [0, 0, 9, 9]],
            "to": "last",
            "heads": [0], "mode": nil,
        ]
        func expected(_ path: String) -> [String] {
            ["from", "heads", "to"].map { "\(path).\($0) was ignored: the preset \"img->gen\" does not read it" }
        }
        let beside: [String: JSONValue] = ["interventions": [knockout]]
        #expect(try await warnings("/v1/chat/completions", beside) == expected("interventions[0]"))
        #expect(try await warnings("/v1/knockout", ["knockouts": [knockout]]) == expected("knockouts[0]"))
        let named: JSONValue = ["name": "mine", "interventions": [knockout], "layers": [3]]
        #expect(
            try await warnings("/v1/knockout", ["knockouts": [named]])
                == expected("knockouts[0].interventions[0]")
                + ["knockouts[0].layers was ignored: a variant with interventions does not read it"]
        )
    }

    @Test(
        "each kind reads its own members, and names those of others",
        arguments: [
            (["kind": "attention_knockout", "from": "image", "to": "last", "factor": 2], "factor"),
            (["kind": "token_ablation", "tokens": "image", "layers": [1]], "layers"),
            (["kind": "head_ablation", "heads": [0], "tokens": "image"], "tokens"),
            (["kind": "project_away", "tokens": "image", "direction": ["word": "red"], "heads": [1]], "heads"),
        ] as [(JSONValue, String)]
    )
    func otherKinds(intervention: JSONValue, member: String) async throws {
        let kind = try #require(intervention["kind"]?.string)
        let expected = "interventions[0].\(member) was ignored: the kind \"\(kind)\" does not read it"
        #expect(try await warnings("/v1/chat/completions", ["interventions": [intervention]]) == [expected])
    }

    @Test("an ablation of a list needs no kind, and names what it does not read")
    func ablations() async throws {
        let ablations: JSONValue = [["name": "all", "tokens": "image", "replace": "zero", "layers": [2]]]
        #expect(
            try await warnings("/v1/ablation", ["ablations": ablations])
                == ["unknown field \"ablations[0].layers\" was ignored"]
        )
    }

    @Test("a sweep says which edge it leaves out, and that it chooses the layers")
    func sweeps() async throws {
        let flow: [String: JSONValue] = ["sweep": ["preset": "information-flow"], "max_tokens": 0]
        let told = try await warnings("/v1/knockout", flow)
        #expect(told.count == 1 && told[0].hasPrefix("the edge object->question was left out"))
        let object: JSONValue = ["box": [20, 10, 30, 20]]
        #expect(try await warnings("/v1/knockout", flow.merging(["object": object]) { $1 }) == [])
        let listed: JSONValue = ["kind": "attention_knockout", "preset": "img->txt", "layers": [1]]
        let windows: JSONValue = ["knockouts": ["img->gen", listed], "layers": [[2]]]
        #expect(
            try await warnings("/v1/knockout", ["sweep": windows, "max_tokens": 0])
                == ["sweep.knockouts[1].layers was ignored: the sweep says in which layers its knockouts act"]
        )
    }

    @Test("edges to positions before all of their sources are none, which is said and changes nothing")
    func impossibleEdges() async throws {
        let api = try TestAPI.shared.get()
        let backwards: JSONValue = ["kind": "attention_knockout", "from": [9, 12], "to": [3, 8]]
        let reason =
            "there are no edges from positions 9 and later to 8 and earlier, as no position attends to a later one; "
            + "nothing changes"
        let beside: [String: JSONValue] = ["interventions": [backwards, backwards]]
        for path in ["/v1/chat/completions", "/v1/attention", "/v1/logit-lens"] {
            #expect(try await warnings(path, beside) == ["interventions: \(reason)"], "\(path)")
        }
        let variants: JSONValue = [
            ["name": "a", "interventions": [backwards]], "img->gen", ["name": "b", "interventions": [backwards]],
        ]
        let body = JSONValue.question(members: ["knockouts": variants])
        let answer = try await api.success("/v1/knockout", body)
        #expect(try answer.at("warnings") == [.string("variant \"a\" and 1 more: \(reason)")])
        #expect(try answer.at("variants.0.run") == answer.at("baseline"))
        // One edge that exists is enough, and so is a position's edge to itself.
        for (from, to) in [([9, 12], [3, 9]), ([8], [8])] as [(JSONValue, JSONValue)] {
            let possible: JSONValue = ["kind": "attention_knockout", "from": from, "to": to]
            #expect(try await warnings("/v1/chat/completions", ["interventions": [possible]]) == [])
        }
    }

    @Test("two variants that the body calls alike are refused with both places")
    func names() async throws {
        let named = Self.named
        for knockouts in [[named("x"), "img->txt", named("x")], [named("b"), ["interventions": []], named("b")]] {
            let error = try await refusal("/v1/knockout", ["knockouts": .array(knockouts)])
            #expect(error["param"] == "knockouts[2]")
            #expect(error["message"]?.string?.contains("what knockouts[0] is called too") == true, "\(error)")
        }
        let sets: JSONValue = [["name": "x", "tokens": "image"], ["name": "x", "tokens": [3, 4]]]
        let error = try await refusal("/v1/ablation", ["ablations": sets])
        #expect(error["param"] == "ablations[1]")
        #expect(error["message"]?.string?.contains("what ablations[0] is called too") == true, "\(error)")
    }

    private static let edge: JSONValue = ["kind": "attention_knockout", "from": "image", "to": "last"]

    /// What a body asks for, and how its variants are called.
    private static let unnamed: [(members: [String: JSONValue], names: [String])] = [
        (
            ["knockouts": [edge, ["kind": "head_ablation", "heads": [0]], named("y"), edge, edge]],
            [
                "attention_knockout@all", "head_ablation@all", "y", "attention_knockout@all#2",
                "attention_knockout@all#3",
            ]
        ),
        (["knockouts": ["img->gen", "img->gen"]], ["img->gen@all", "img->gen@all#2"]),
        (["knockouts": ["img->gen", named("img->gen@all")]], ["img->gen@all#2", "img->gen@all"]),
        (["knockouts": [["interventions": []], ["interventions": []]]], ["none", "none#2"]),
        (
            ["sweep": ["preset": "from-layer", "knockouts": ["img->gen", "img->gen"], "starts": [0, 0]]],
            ["img->gen@0-", "img->gen@0-#2"]
        ),
        (
            [
                "knockouts": [["kind": "attention_knockout", "preset": "img->gen", "layers": [2]]],
                "sweep": ["knockouts": ["img->gen", "img->gen"], "layers": [[2]]],
            ],
            ["img->gen@2", "img->gen@2#2", "img->gen@2#3"]
        ),
    ]

    private static func named(_ name: String) -> JSONValue { ["name": .string(name), "interventions": [edge]] }

    @Test("variants that the body gives no name are numbered where they would be called alike")
    func numbers() async throws {
        let api = try TestAPI.shared.get()
        for (members, names) in Self.unnamed {
            let body = JSONValue.question(members: members.merging(["max_tokens": 0]) { $1 })
            let variants = try await api.success("/v1/knockout", body).at("variants")
            #expect((variants.array ?? []).map { $0["name"]?.string } == names)
        }
        let sets: JSONValue = [
            ["tokens": "image"], ["tokens": "image", "replace": "zero"], ["name": "random-2", "tokens": [3]],
        ]
        let members: [String: JSONValue] = [
            "ablations": sets, "baselines": ["random"], "counts": [2], "max_tokens": 0,
        ]
        let variants = try await api.success("/v1/ablation", .question(members: members)).at("variants")
        #expect((variants.array ?? []).map { $0["name"]?.string } == ["image", "image#2", "random-2", "random-2#2"])
    }

    @Test("a route that answers in one piece says that it does not stream", arguments: ["/v1/layout", "/v1/estimate"])
    func unstreamed(path: String) async throws {
        let members: [String: JSONValue] = path == "/v1/estimate" ? ["route": "/v1/chat/completions"] : [:]
        let told = try await warnings(path, members.merging(["stream": true]) { $1 })
        #expect(told == ["stream was ignored: this route answers in one piece"])
        #expect(try await warnings(path, members.merging(["stream": false]) { $1 }) == [])
    }

    @Test("arrays or pictures that a route does not answer with are refused with the forms that there are")
    func lackingForms() async throws {
        for (path, wanted) in [
            ("/v1/chat/completions", "text/csv"), ("/v1/layout", "text/csv"), ("/v1/attention", "text/csv"),
            ("/v1/layout", "application/x-npz"), ("/v1/chat/completions", "text/html, image/png;q=0.5"),
            ("/v1/attention", "image/webp"), ("/v1/knockout", "image/*"),
        ] {
            let error = try await refusal(path, ["knockouts": []], headers: ["Accept": wanted])
            #expect(error["param"] == "Accept")
            let message = error["message"]?.string ?? ""
            #expect(message.contains(wanted.contains("image/png") ? "image/png" : wanted), "\(message)")
            #expect(message.contains("application/json"), "\(message)")
        }
    }

    @Test(
        "any other Accept is answered in JSON",
        arguments: [
            "text/plain", "text/html", "text/*", "application/xml", "application/*", "text/event-stream", "nonsense",
            "text/csv, */*;q=0.1", "image/png;q=0", "application/json, image/webp",
        ]
    )
    func otherAccepts(accepted: String) async throws {
        let api = try TestAPI.shared.get()
        for path in ["/v1/chat/completions", "/v1/layout", "/v1/attention"] {
            let answer = try await api.post(path, .question(), headers: ["Accept": accepted])
            #expect(answer.status == 200, "\(path)")
            #expect(answer.headers["content-type"]?.hasPrefix("application/json") == true, "\(path)")
        }
    }

    @Test("a judge that there is not is answered with those that there are")
    func judges() async throws {
        let api = try TestAPI.shared.get()
        for name in ["zz", "none"] {
            let body: JSONValue = ["reference": "a", "candidate": "b", "judge": .string(name)]
            let answer = try await api.post("/v1/judge", body)
            #expect(answer.status == 400)
            #expect(
                try answer.json.at("error.message").string?.hasSuffix("judges are lexical and external") == true
            )
        }
        let answer = try await api.post("/v1/knockout", .question(members: ["knockouts": [], "judge": "zz"]))
        #expect(try answer.json.at("error.message").string?.contains("none, lexical and external") == true)
    }

    @Test("an object where the model sees nothing is told so")
    func unseenObject() async throws {
        let words = try await TestAPI.shared.get().success("/v1/chat/completions", .question())
        let text = try #require(try words.at("choices.0.message.content").string)
        let phrase = try #require(text.split(separator: " ").last)
        let members: [String: JSONValue] = ["phrase": .string("\(phrase)"), "box": [0, 0, 5, 40], "max_tokens": 4]
        let told = try await warnings("/v1/localize", members)
        #expect(told == ["the object lies outside [10, 0, 50, 40], the part of the picture that the model sees"])
    }
}
