import Foundation
import Imaging
import JSON
import Testing

@testable import API

@Suite("Archives, base64 and pictures of every probe route")
struct AnswerFormTests {
    private static let circle: JSONValue = ["box": [100, 148, 224, 272]]

    /// A body for each route that answers with an archive.
    private static let bodies: [String: [String: JSONValue]] = [
        "/v1/attention": [:],
        "/v1/knockout": ["knockouts": ["img->gen", "img->txt"], "score": ["targets": ["Yes", "No"], "top_k": 3]],
        "/v1/ablation": ["object": circle, "baselines": ["random"], "judge": "lexical", "score": ["top_k": 2]],
        "/v1/activations": ["sites": ["text.blocks.1.resid.post"]],
        "/v1/logit-lens": ["lens": ["target": "red", "top_k": 1]],
        "/v1/gradients": ["gradients": ["method": "gradient"]],
        "/v1/localize": [
            "phrase": "red circle", "box": [100, 148, 224, 272], "max_tokens": 16, "layers": [1, 4, 5],
        ],
        "/v1/contexts": ["compress": ["keep": 5]],
    ]

    private static func body(_ path: String, _ members: [String: JSONValue] = [:]) -> JSONValue {
        let image = JSONValue.string(Pictures.example("scene-01.png"))
        let own = (bodies[path] ?? [:]).merging(members) { _, new in new }
        return .question("Describe this image.", image: image, members: own)
    }

    private func archive(_ path: String, _ members: [String: JSONValue] = [:]) async throws -> StoredArchive {
        let accept = ["Accept": "application/x-npz"]
        let answer = try await TestAPI.shared.get().post(path, Self.body(path, members), headers: accept)
        try #require(answer.status == 200, "\(path): \(String(decoding: answer.body, as: UTF8.self))")
        #expect(answer.headers["content-type"] == "application/x-npz")
        return StoredArchive(answer.body)
    }

    private func floats(_ value: JSONValue) throws -> [Float] {
        let text = try #require(value["data"]?.string)
        let data = try #require(Data(base64Encoded: text))
        return stride(from: 0, to: data.count, by: 4).map { offset in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[offset + $1]) << (8 * $1) })
        }
    }

    @Test("every route that asks the model for numbers answers with one archive of the arrays that its JSON names")
    func archives() async throws {
        let offered = RouteCatalog.models.filter { $0.forms.contains(.npz) && $0.pattern != "/v1/judge" }
        #expect(Set(offered.map(\.pattern)) == Set(Self.bodies.keys))
        for path in Self.bodies.keys.sorted() {
            let archive = try await archive(path)
            let meta = try JSONValue(parsing: try #require(archive.members["meta.json"]))
            #expect(try meta.at("layout.length").integer != nil)
            func named(_ value: JSONValue) -> [String] {
                if let name = value["npz"]?.string { return [name] }
                return (value.array ?? []).flatMap(named) + (value.object ?? [:]).values.flatMap(named)
            }
            #expect(Set(named(meta).map { "\($0).npy" } + ["meta.json"]) == Set(archive.members.keys), "\(path)")
            #expect(archive.members.count > 1, "\(path)")
        }
    }

    @Test("a study's scores are its variants' numbers, one row for each", arguments: ["/v1/knockout", "/v1/ablation"])
    func scores(path: String) async throws {
        let api = try TestAPI.shared.get()
        let plain = try await api.success(path, Self.body(path))
        #expect(plain["scores"] == nil)
        let encoded = try await api.success(path, Self.body(path, ["encoding": "base64"]))
        let scores = try encoded.at("scores")
        let archive = try await archive(path)
        let targets = try #require(try scores.at("targets").array).compactMap { $0["text"]?.string }
        let variants = try #require(try plain.at("variants").array)
        let rows = JSONValue.integer(variants.count)
        let columns = JSONValue.integer(targets.count)
        for name in ["delta_logprob", "delta_prob", "delta_logit", "relative_change"] {
            #expect(try scores.at("\(name).shape") == [rows, columns])
            let expected = try variants.flatMap { variant in
                try targets.map { target in
                    let figure = try #require(try variant.at("compare")[name]?[target]?.number)
                    return Float(figure)
                }
            }
            #expect(try floats(scores.at(name)) == expected, "\(name)")
            #expect(archive.array("scores.\(name)")?.words == expected.map(\.bitPattern))
        }
        let divergences = variants.map { Float($0["compare"]?["kl_next"]?.number ?? .nan) }
        #expect(try floats(scores.at("kl_next")) == divergences)
        for (index, variant) in variants.enumerated() {
            let top = try #require(try variant.at("run.next.top").array)
            #expect(try scores.at("top_id.\(index)") == .array(top.map { $0["id"] ?? nil }))
        }
        let first = try #require(try plain.at("baseline.next.top").array)
        #expect(try floats(scores.at("baseline.top_logprob")) == first.map { Float($0["logprob"]?.number ?? .nan) })
        #expect(archive.array("scores.top_id")?.header.contains("'<i4'") == true)
        if path == "/v1/ablation" {
            let judged = variants.map { Float($0["compare"]?["objects"]?["f1"]?.number ?? .nan) }
            #expect(try floats(scores.at("f1")) == judged)
        }
    }

    @Test("the lens' words are its arrays' numbers")
    func lens() async throws {
        let api = try TestAPI.shared.get()
        let path = "/v1/logit-lens"
        let members: [String: JSONValue] = ["lens": ["positions": [3, 9], "layers": [0, 4, 8], "top_k": 2]]
        let plain = try await api.success(path, Self.body(path, members)).at("lens")
        #expect(plain["top_id"] == nil && plain["top_prob"] == nil)
        let encoded = try await api.success(path, Self.body(path, members.merging(["encoding": "base64"]) { $1 }))
        let archive = try await archive(path, members)
        let words = try #require(try plain.at("top").array).flatMap { $0.array ?? [] }.flatMap { $0.array ?? [] }
        let ids = words.compactMap { $0["id"]?.integer }
        let probabilities = words.map { Float($0["prob"]?.number ?? .nan) }
        #expect(ids.count == 12)
        #expect(try encoded.at("lens.top_prob.shape") == [3, 2, 2])
        #expect(try floats(encoded.at("lens.top_prob")) == probabilities)
        #expect(try encoded.at("lens.top_id.2.1.0") == words[10].at("id"))
        #expect(archive.array("lens.top_prob")?.words == probabilities.map(\.bitPattern))
        #expect(archive.array("lens.top_id")?.words == ids.map { UInt32($0) })
        #expect(archive.array("lens.top_id")?.header.contains("(3, 2, 2)") == true)
        // The texts stand beside the arrays.
        #expect(try JSONValue(parsing: try #require(archive.members["meta.json"])).at("lens.top") == plain.at("top"))
    }

    @Test("localization's arrays are its figures by layer, and the maps that they are of")
    func localization() async throws {
        let path = "/v1/localize"
        let api = try TestAPI.shared.get()
        let plain = try await api.success(path, Self.body(path)).at("localization")
        #expect(plain["maps"] == nil)
        let encoded = try await api.success(path, Self.body(path, ["encoding": "base64"])).at("localization")
        let layers = try #require(try plain.at("layers").array)
        #expect(try encoded.at("maps.shape") == [3, 144])
        #expect(try encoded.at("scores.peak") == .array(layers.map { $0["peak"] ?? nil }))
        #expect(try encoded.at("scores.hit") == .array(layers.map { $0["hit"] == true ? 1 : 0 }))
        let mass = layers.map { Float($0["mass_inside"]?.number ?? .nan) }
        #expect(try floats(encoded.at("scores.mass_inside")) == mass)
        let attention: [String: JSONValue] = ["max_tokens": 16, "attention": ["layers": [1, 4, 5]]]
        let rows = try await api.success("/v1/attention", Self.body("/v1/attention", attention)).at("attention")
        let tokens = try #require(try encoded.at("tokens").array).compactMap { $0["position"]?.integer }
        // The row that produced a token is the one before its own position.
        let positions = try #require(try rows.at("rows").array).compactMap { $0["position"]?.integer }
        let chosen = positions.indices.filter { tokens.contains(positions[$0] + 1) }
        let map = try floats(encoded.at("maps"))
        let means = try (0..<3).flatMap { layer in
            try (0..<144).map { patch in
                try chosen.reduce(0.0) { $0 + (try rows.at("maps.\($1).\(layer).\(patch)").number ?? .nan) }
                    / Double(chosen.count)
            }
        }
        #expect(chosen.count == tokens.count)
        #expect(zip(map, means).allSatisfy { abs(Double($0) - $1) < 1e-6 })
    }

    @Test("matches of the judge are an array of integers")
    func judge() async throws {
        let body: JSONValue = ["reference": "A red circle.", "candidate": "A cat and a red circle.", "typo": 1]
        let accept = ["Accept": "application/x-npz"]
        let answer = try await TestAPI.shared.get().post("/v1/judge", body, headers: accept)
        let archive = StoredArchive(answer.body)
        #expect(archive.array("matches")?.words == [0, 1])
        let meta = try JSONValue(parsing: try #require(archive.members["meta.json"]))
        #expect(try meta.at("warnings") == ["unknown field \"typo\" was ignored"])
    }

    @Test("gradients and localization are drawn over the picture", arguments: ["/v1/gradients", "/v1/localize"])
    func pictures(path: String) async throws {
        let api = try TestAPI.shared.get()
        let accept = ["Accept": "image/png"]
        func drawn(_ render: JSONValue) async throws -> RGBImage {
            let answer = try await api.post(path, Self.body(path, ["render": render]), headers: accept)
            try #require(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            return try ImageDecoder.decode(answer.body).image
        }
        let file = try #require(Data(base64Encoded: String(Pictures.example("scene-01.png").dropFirst(22))))
        let original = try ImageDecoder.decode(file).image
        #expect(try await drawn(["opacity": 0]) == original)
        let seen = try await drawn(.object([:]))
        #expect((seen.width, seen.height) == (original.width, original.height))
        #expect(seen != original)
        if path == "/v1/localize" { #expect(try await drawn(["layer": 4]) != seen) }
    }

    @Test(
        "what cannot be drawn is named",
        arguments: [
            ("/v1/gradients", ["render": ["row": 0]], "render.row"),
            ("/v1/gradients", ["render": ["layer": 0]], "render.layer"),
            ("/v1/gradients", ["render": ["image": 1]], "render.image"),
            ("/v1/gradients", ["gradients": ["method": "gradient", "positions": "question"]], "gradients.positions"),
            ("/v1/localize", ["render": ["row": 0]], "render.row"),
            ("/v1/localize", ["render": ["layer": 0]], "render.layer"),
            ("/v1/localize", ["render": ["image": 1]], "render.image"),
            ("/v1/localize", ["stream": true], "Accept"), ("/v1/knockout", [:], "Accept"),
        ] as [(String, [String: JSONValue], String)]
    )
    func refusals(path: String, members: [String: JSONValue], parameter: String) async throws {
        let accept = ["Accept": "image/png"]
        let answer = try await TestAPI.shared.get().post(path, Self.body(path, members), headers: accept)
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.param").string == parameter)
    }

    @Test("the description and the capabilities name the forms and streams of every route")
    func described() async throws {
        let api = try TestAPI.shared.get()
        let document = try await api.get("/openapi.json").json
        func types(_ path: String) throws -> Set<String> {
            let operation = try #require(try document.at("paths").object?[path]?["post"])
            let content = try #require(try operation.at("responses.200.content").object)
            return Set(content.keys)
        }
        let all: Set = ["application/json", "application/x-npz", "image/png", "text/event-stream"]
        #expect(try types("/v1/localize") == all)
        #expect(try types("/v1/contexts") == all.subtracting(["image/png"]))
        #expect(try types("/v1/layout") == ["application/json"])
        let capabilities = try await api.get("/v1/capabilities").json
        let streaming = try #require(try capabilities.at("streaming").array)
        #expect(streaming.contains("/v1/logit-lens") && streaming.contains("/v1/contexts/{id}/ask"))
        #expect(try capabilities.at("forms").object?["image/png"]?.array?.contains("/v1/gradients") == true)
    }

    @Test(
        "a stream ends with what the whole answer says",
        arguments: [("/v1/contexts", "kept"), ("/v1/localize", "localization"), ("/v1/activations", "activations")]
    )
    func streams(path: String, member: String) async throws {
        let api = try TestAPI.shared.get()
        var own: [String: JSONValue] = ["encoding": "base64"]
        if path == "/v1/activations" { own["positions"] = ["union": ["last", "generated"]] }
        let whole = try await api.success(path, Self.body(path, own))
        let answer = try await api.post(path, Self.body(path, own.merging(["stream": true]) { $1 }))
        #expect(answer.headers["content-type"]?.hasPrefix("text/event-stream") == true)
        #expect(answer.events.last == "[DONE]")
        let events = try answer.events.dropLast().map { try JSONValue(parsing: Data($0.utf8)) }
        #expect(events.first?["type"] == "meta" && events.last?["type"] == "result")
        let result = try #require(events.last)
        #expect(result[member] == whole[member] && result["text"] == whole["text"])
        let text = events.filter { $0["type"] == "token" }.compactMap { $0["text"]?.string }.joined()
        #expect(try #require(whole["text"]?.string).hasPrefix(text) && !text.isEmpty)
        if path == "/v1/contexts" { #expect(try result.at("context_id") != whole.at("context_id")) }
    }
}
