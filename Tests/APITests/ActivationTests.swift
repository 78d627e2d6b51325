import Foundation
import JSON
import Testing

@Suite("Activations over HTTP")
struct ActivationTests {
    @Test("every site of a layer has its shape, and the residual stream adds up")
    func shapes() async throws {
        let api = try TestAPI.shared.get()
        let capabilities = try await api.get("/v1/capabilities").json
        let described = try #require(try capabilities.at("sites").array)
        let names = try described.map { site in
            try #require(site["name"]?.string).replacingOccurrences(of: "blocks.k", with: "blocks.2")
        }
        let members: [String: JSONValue] = ["sites": .array(names.map { .string($0) }), "positions": [0, 3, 5]]
        let body = try await api.success("/v1/activations", .question(members: members))
        #expect(try body.at("positions") == [0, 3, 5])
        #expect(body["warnings"] == nil)
        let arrays = try #require(body["activations"]?.object)
        #expect(Set(arrays.keys) == Set(names))
        for (name, site) in zip(names, described) {
            let row = try #require(try site.at("shape").array).compactMap(\.integer)
            let shape = try #require(arrays[name]).shape
            let rows = name.hasPrefix("vision") ? 1 : 3
            let expected = name == "text.blocks.2.attn.pattern" ? [row[0], 6] : row
            #expect(shape == [rows] + expected, "\(name)")
        }
        func numbers(_ site: String) throws -> [Double] {
            try #require(arrays["text.blocks.2.\(site)"]?.array).flatMap { $0.array ?? [] }.compactMap(\.number)
        }
        let (before, attention) = (try numbers("resid.pre"), try numbers("attn.out"))
        let (middle, mlp, after) = (try numbers("resid.mid"), try numbers("mlp.out"), try numbers("resid.post"))
        for index in before.indices {
            #expect(abs(before[index] + attention[index] - middle[index]) < 1e-4)
            #expect(abs(middle[index] + mlp[index] - after[index]) < 1e-4)
        }
    }

    @Test("decode rows follow the prompt's, and what was read can be written back")
    func generated() async throws {
        let api = try TestAPI.shared.get()
        let site = "text.blocks.1.resid.post"
        let body = try await api.success(
            "/v1/activations",
            .question(members: ["sites": [.string(site)], "positions": ["union": ["last", "generated"]]])
        )
        let positions = try #require(try body.at("positions").array).compactMap(\.integer)
        let length = try #require(try body.at("layout.length").integer)
        #expect(positions.first == length - 1 && positions == Array(length - 1..<length - 1 + positions.count))
        #expect(positions.count > 1)
        let rows = try body.at("activations").object?[site]?.array ?? []
        let patch: JSONValue = [
            "kind": "activation_patch", "site": .string(site), "positions": "last",
            "source": ["array": .array([try #require(rows.first)])],
        ]
        let study = try await api.success("/v1/knockout", .question(members: ["knockouts": [patch]]))
        #expect(try study.at("variants.0.run") == study.at("baseline"))
    }

    @Test("one NPZ, or base64, on request")
    func forms() async throws {
        let api = try TestAPI.shared.get()
        let members: [String: JSONValue] = ["sites": ["text.embed"], "positions": "image"]
        let answer = try await api.post(
            "/v1/activations",
            .question(members: members),
            headers: ["Accept": "application/x-npz"]
        )
        #expect(answer.status == 200)
        #expect(answer.body.prefix(2) == Data("PK".utf8))
        let packed = try await api.success(
            "/v1/activations",
            .question(members: members.merging(["encoding": "base64"]) { _, new in new })
        )
        #expect(packed["activations"]?.object?["text.embed"]?["dtype"] == "f32")
    }

    @Test(
        "what cannot be read is refused at its path",
        arguments: [
            ([:], 400, "sites"), (["sites": []], 400, "sites"), (["sites": ["text.nowhere"]], 400, "sites[0]"),
            (["sites": ["text.embed", "text.blocks.8.resid.pre"]], 422, "sites[1]"),
            (["sites": ["text.embed"], "positions": [100_000]], 422, "positions"),
            (["sites": ["text.embed"], "positions": "nobody"], 400, "positions"),
        ] as [([String: JSONValue], Int, String)]
    )
    func refusals(_ members: [String: JSONValue], status: Int, parameter: String) async throws {
        let answer = try await TestAPI.shared.get().post("/v1/activations", .question(members: members))
        #expect(answer.status == status)
        #expect(try answer.json.at("error.param") == .string(parameter))
    }
}
