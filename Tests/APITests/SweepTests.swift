import Foundation
import JSON
import Testing

@Suite("Sweep presets over HTTP")
struct SweepTests {
    private func study(_ members: [String: JSONValue]) async throws -> JSONValue {
        let body = JSONValue.question("Is there a red circle in this image?", members: members)
        return try await TestAPI.shared.get().success("/v1/knockout", body)
    }

    @Test("from-layer runs the paper's three knockouts from every eighth of the depth")
    func fromLayer() async throws {
        let body = try await study(["sweep": ["preset": "from-layer"], "max_tokens": 2, "judge": "lexical"])
        let variants = try #require(try body.at("variants").array)
        #expect(variants.count == 24)
        #expect(try body.at("variants.1.name") == "img->gen@1-")
        #expect(try body.at("variants.1.layers") == [1, 2, 3, 4, 5, 6, 7])
        let written: JSONValue = [["kind": "attention_knockout", "preset": "img->txt", "layers": ["from": 2]]]
        #expect(try body.at("variants.10.interventions") == written)
        #expect(try body.at("variants.0.compare.objects.f1").number != nil)
        #expect(Set(variants.map { $0["name"]?.string ?? "" }).count == 24)
    }

    @Test("a preset's variant is the one that its written form asks for")
    func writtenForm() async throws {
        let object: JSONValue = ["box": [10, 10, 30, 30]]
        let members: [String: JSONValue] = [
            "sweep": ["preset": "object-readout"], "object": object, "max_tokens": 0,
            "score": ["targets": ["Yes", "No"]],
        ]
        let body = try await study(members)
        let variants = try #require(try body.at("variants").array)
        #expect(variants.count == 36)
        #expect(try body.at("variants.3.name") == "object->last@mid-late")
        for index in [3, 8, 14, 20, 26, 35] {
            let written = try body.at("variants.\(index).interventions")
            let alone = try await study([
                "knockouts": [["name": "alone", "interventions": written]], "max_tokens": 0,
                "score": ["targets": ["Yes", "No"]],
            ])
            #expect(try alone.at("variants.0.run") == body.at("variants.\(index).run"), "\(written)")
            #expect(try alone.at("variants.0.layers") == body.at("variants.\(index).layers"))
        }
        let first = try #require(try body.at("variants.5.compare").object)
        let delta = try #require(first["delta_logprob"]?["Yes"]?.number)
        #expect(abs(try #require(first["relative_change"]?["Yes"]?.number) - expm1(delta)) < 1e-9)
    }

    @Test("except-middle keeps the family's window unless another is given")
    func exceptMiddle() async throws {
        let body = try await study(["sweep": ["preset": "except-middle", "knockouts": ["img->txt"]], "max_tokens": 0])
        #expect(try body.at("variants.0.name") == "img->txt@except 1-5")
        #expect(try body.at("variants.0.layers") == [0, 6, 7])
        let other = try await study([
            "sweep": ["preset": "except-middle", "knockouts": ["img->txt"], "window": [2, 3]], "max_tokens": 0,
        ])
        #expect(try other.at("variants.0.layers") == [0, 1, 4, 5, 6, 7])
    }

    @Test("information flow cuts four edges around every layer, and the object's if there is one")
    func informationFlow() async throws {
        let body = try await study(["sweep": ["preset": "information-flow", "width": 3], "max_tokens": 0])
        #expect(try body.at("variants").array?.count == 32)
        #expect(try body.at("variants.4.name") == "image->last@4±1")
        #expect(try body.at("variants.4.layers") == [3, 4, 5])
        let object = try await study([
            "sweep": ["preset": "information-flow"], "object": ["rows": [0]], "max_tokens": 0,
        ])
        #expect(try object.at("variants").array?.count == 40)
    }

    @Test("an ablation that acts in no layer is run once, however many windows there are")
    func ablationRunsOnce() async throws {
        let ablation: JSONValue = ["kind": "token_ablation", "tokens": "image", "replace": "zero"]
        let body = try await study([
            "sweep": ["preset": "from-layer", "knockouts": [ablation, "img->txt"], "starts": [0, 4]], "max_tokens": 0,
        ])
        let names = try #require(try body.at("variants").array).compactMap { $0["name"]?.string }
        #expect(names == ["token_ablation@all", "img->txt@0-", "img->txt@4-"])
    }

    @Test(
        "what a sweep lacks or cannot have is named",
        arguments: [
            (["preset": "sideways"], 400, "sweep.preset"), (["preset": "object-readout"], 422, "object"),
            (["preset": "from-layer", "starts": [8]], 422, "sweep.starts"),
            (["preset": "except-middle", "window": [0, 7]], 422, "sweep.window"),
            (["preset": "information-flow", "width": 0], 422, "sweep.width"),
            (["knockouts": ["img->gen"]], 400, "sweep.layers"),
        ] as [(JSONValue, Int, String)]
    )
    func errors(sweep: JSONValue, status: Int, parameter: String) async throws {
        let answer = try await TestAPI.shared.get().post("/v1/knockout", .question(members: ["sweep": sweep]))
        #expect(answer.status == status)
        #expect(try answer.json.at("error.param") == .string(parameter))
    }
}
