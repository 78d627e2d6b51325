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

    @Test("the object's read-out takes windows of one's own")
    func ownWindows() async throws {
        let body = try await study([
            "sweep": ["preset": "object-readout", "layers": [[2], ["from": 6]]], "object": ["rows": [0, 1]],
            "max_tokens": 0,
        ])
        let variants = try #require(try body.at("variants").array)
        #expect(variants.map { $0["layers"] } == (0..<12).map { $0 % 2 == 0 ? [2] : [6, 7] })
        #expect(variants[10]["name"] == "image-last-row->last-row@2" && variants[1]["name"] == "object->last@6-")
    }

    @Test("members that a preset does not read are named in warnings")
    func unread() async throws {
        let sweep: JSONValue = ["preset": "from-layer", "starts": [7], "width": 3, "layers": ["all"]]
        let body = try await study(["sweep": sweep, "max_tokens": 0])
        let warnings = ["layers", "width"].map { name -> JSONValue in
            .string("sweep.\(name) was ignored: the preset \"from-layer\" does not read it")
        }
        #expect(try body.at("warnings") == .array(warnings))
        let plain: JSONValue = ["knockouts": ["img->gen"], "layers": [[1]], "starts": [1]]
        let other = try await study(["sweep": plain, "max_tokens": 0])
        #expect(try other.at("warnings.0").string?.hasPrefix("sweep.starts was ignored") == true)
    }

    @Test("a knockout as a bare string, scored at the next token alone")
    func bare() async throws {
        let scored = try await study(["knockouts": "img->txt", "max_tokens": 0])
        #expect(try scored.at("variants.0.name") == "img->txt@all")
        for run in [try scored.at("baseline"), try scored.at("variants.0.run")] {
            #expect(try run.at("tokens") == [] && run.at("text") == "" && run.at("finish_reason") == "length")
        }
        let answered = try await study(["knockouts": ["img->txt"], "max_tokens": 3])
        #expect(try scored.at("variants.0.run.next") == answered.at("variants.0.run.next"))
        #expect(try scored.at("variants.0.compare.kl_next") == answered.at("variants.0.compare.kl_next"))
    }

    /// api.md's `Run`, `compare` and `cost`, each figure computed again from the runs.
    @Test("every figure of an answer follows from its runs")
    func figures() async throws {
        let api = try TestAPI.shared.get()
        let body = try await study([
            "sweep": ["preset": "from-layer", "starts": [0, 3, 6]], "judge": "lexical", "max_tokens": 12,
            "score": ["targets": ["Yes", "No"], "top_k": 1000],
        ])
        let baseline = try body.at("baseline")
        let variants = try #require(try body.at("variants").array)
        let presets = ["img->gen", "img->txt", "img->txt+gen"]
        #expect(variants.map { $0["name"]?.string } == presets.flatMap { name in [0, 3, 6].map { "\(name)@\($0)-" } })
        func next(_ run: JSONValue) throws -> [Int: Double] {
            let top = try #require(try run.at("next.top").array)
            return try Dictionary(top.map { (try #require($0["id"]?.integer), try #require($0["logprob"]?.number)) }) {
                a,
                _ in a
            }
        }
        let reference = try next(baseline)
        #expect(reference.count == 512 && abs(reference.values.reduce(0) { $0 + exp($1) } - 1) < 1e-6)
        for variant in variants {
            let (run, compare) = (try variant.at("run"), try variant.at("compare"))
            #expect(Set(try #require(run.object).keys) == ["text", "tokens", "finish_reason", "next"])
            let ids = try [baseline, run].map { try #require(try $0.at("tokens").array).map { $0["id"] } }
            let common = zip(ids[0], ids[1]).prefix { $0 == $1 }.count
            #expect(try compare.at("common_prefix").integer == common)
            let likeliest = try [baseline, run].map { try $0.at("next.top.0.id") }
            #expect(try compare.at("first_token_changed") == .bool(likeliest[0] != likeliest[1]))
            for target in ["Yes", "No"] {
                let scores = try [baseline, run].map {
                    try #require(try $0.at("next.targets.\(target).logprob").number)
                }
                let delta = try #require(try compare.at("delta_logprob.\(target)").number)
                #expect(abs(delta - (scores[1] - scores[0])) < 1e-9)
            }
            let own = try next(run)
            let divergence = reference.reduce(0) { $0 + exp($1.value) * ($1.value - (own[$1.key] ?? .nan)) }
            #expect(abs(divergence - (try #require(try compare.at("kl_next").number))) < 1e-6)
            let texts: JSONValue = ["reference": try baseline.at("text"), "candidate": try run.at("text")]
            let judged = try #require(try await api.success("/v1/judge", texts).object)
            let figures = try #require(try compare.at("objects").object)
            #expect(Set(figures.keys) == ["tp", "fn", "fp", "precision", "recall", "f1"])
            for (name, figure) in figures { #expect(judged[name] == figure, "\(name)") }
        }
        // Each variant takes all positions before the first that it changes, and never the last.
        let length = try #require(try body.at("layout.length").integer)
        let reader = try #require(try body.at("layout.spans.post_image.0.0").integer)
        #expect(try body.at("cost.shared_prefix_tokens").integer == 3 * (length - 1) + 6 * reader)
    }

    @Test(
        "what a sweep lacks or cannot have is named",
        arguments: [
            (["preset": "sideways"], 400, "sweep.preset"), (["preset": "object-readout"], 422, "object"),
            (["preset": "from-layer", "starts": [8]], 422, "sweep.starts"),
            (["preset": "except-middle", "window": [0, 7]], 422, "sweep.window"),
            (["preset": "information-flow", "width": 0], 422, "sweep.width"),
            (["knockouts": ["img->gen"]], 400, "sweep.layers"),
            (["knockouts": ["img->gen"], "layers": []], 422, "sweep.layers"),
            (["preset": "from-layer", "starts": []], 422, "sweep.starts"),
            (["preset": "from-layer", "knockouts": []], 422, "sweep.knockouts"),
            (["preset": "except-middle", "window": [5, 2]], 422, "sweep.window"),
            (["preset": "except-middle", "window": [2]], 400, "sweep.window"),
            (["preset": "information-flow", "width": 17], 422, "sweep.width"),
        ] as [(JSONValue, Int, String)]
    )
    func errors(sweep: JSONValue, status: Int, parameter: String) async throws {
        let answer = try await TestAPI.shared.get().post("/v1/knockout", .question(members: ["sweep": sweep]))
        #expect(answer.status == status)
        #expect(try answer.json.at("error.param") == .string(parameter))
    }
}
