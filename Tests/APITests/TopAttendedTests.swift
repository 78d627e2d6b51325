import Foundation
import JSON
import Testing

@Suite("Spans of what layers attend to, over HTTP")
struct TopAttendedTests {
    private let span: JSONValue = ["minus": ["image", ["top_attended": 0.25, "of": "image"]]]

    @Test("a point of the top-K curve is one variant, and its answer says what each layer lost")
    func curve() async throws {
        let knockouts = [0.25, 0.5].map { share -> JSONValue in
            let kept: JSONValue = ["top_attended": .number(share), "of": "image"]
            return [
                "kind": "attention_knockout", "from": ["minus": ["image", kept]], "to": "generated", "layers": "all",
            ]
        }
        let body = try await TestAPI.shared.get().success(
            "/v1/knockout",
            .question(members: ["knockouts": .array(knockouts)])
        )
        let tokens = try #require(try body.at("layout.images.0.patch_boxes").array).count
        for (variant, share) in [(0, 0.25), (1, 0.5)] {
            let resolved = try #require(try body.at("variants.\(variant).resolved").array)
            #expect(resolved.map { $0["layers"] } == (0..<8).map { [.integer($0)] })
            for edges in resolved {
                let cut = try #require(edges["from"]?["positions"]?.array)
                let count = cut.reduce(0) { sum, pair in
                    sum + (pair.array?[1].integer ?? 0) - (pair.array?[0].integer ?? 0)
                }
                #expect(count == tokens - Int(share * Double(tokens)))
                #expect(edges["to"] == ["positions": [], "generated": true])
            }
        }
        let alone = try await explicit(try body.at("variants.0.resolved"))
        #expect(try alone.at("variants.0.run") == body.at("variants.0.run"))
    }

    /// The same knockouts, written layer by layer.
    private func explicit(_ resolved: JSONValue) async throws -> JSONValue {
        let interventions = try #require(resolved.array).map { edges -> JSONValue in
            let ranges = (edges["from"]?["positions"]?.array ?? []).map { JSONValue.object(["range": $0]) }
            return [
                "kind": "attention_knockout", "from": ["union": .array(ranges)], "to": "generated",
                "layers": edges["layers"] ?? [],
            ]
        }
        let knockout: JSONValue = ["name": "written", "interventions": .array(interventions)]
        return try await TestAPI.shared.get().success("/v1/knockout", .question(members: ["knockouts": [knockout]]))
    }

    @Test(
        "an answer with interventions says what they resolved to, one without them does not",
        arguments: ["/v1/chat/completions", "/v1/attention", "/v1/logit-lens"]
    )
    func resolved(_ path: String) async throws {
        let api = try TestAPI.shared.get()
        let knockout: JSONValue = ["kind": "attention_knockout", "from": span, "to": "generated", "layers": [3]]
        let changed = try await api.success(path, .question(members: ["interventions": [knockout]]))
        #expect(try changed.at("resolved.0.layers") == [3])
        #expect(try changed.at("resolved").array?.count == 1)
        #expect(try await api.success(path, .question())["resolved"] == nil)
    }

    @Test("a prompt without a picture and a span that no layer has are refused")
    func refusals() async throws {
        let api = try TestAPI.shared.get()
        let knockout: JSONValue = ["kind": "attention_knockout", "from": span, "to": "last"]
        let blind = try await api.post(
            "/v1/chat/completions",
            .question(image: nil, members: ["interventions": [knockout]])
        )
        #expect(blind.status == 422)
        #expect(try blind.json.at("error.param") == "interventions[0]")
        let lens = try await api.post("/v1/logit-lens", .question(members: ["lens": ["positions": span]]))
        #expect(lens.status == 422)
        #expect(try lens.json.at("error.param") == "lens.positions")
    }
}
