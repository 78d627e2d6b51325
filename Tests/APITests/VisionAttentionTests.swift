import Foundation
import JSON
import Testing

@Suite("The vision tower's attention over HTTP")
struct VisionAttentionTests {
    private func answer(
        _ attention: [String: JSONValue],
        image: JSONValue = .string(Pictures.first),
        members: [String: JSONValue] = [:]
    ) async throws -> JSONValue {
        try await TestAPI.shared.get().success("/v1/attention", body(attention, image: image, members: members))
    }

    private func body(
        _ attention: [String: JSONValue],
        image: JSONValue = .string(Pictures.first),
        members: [String: JSONValue] = [:]
    ) -> JSONValue {
        let asked = JSONValue.object(attention.merging(["tower": "vision"]) { first, _ in first })
        return .question(image: image, members: members.merging(["attention": asked]) { first, _ in first })
    }

    /// Layers that the embedded model's tower runs.
    private func layers() async throws -> Int {
        let capabilities = try await TestAPI.shared.get().get("/v1/capabilities").json
        return try #require(try capabilities.at("attention.towers.vision.layers").integer)
    }

    @Test("every patch looks at every patch, and masses sum to one")
    func patches() async throws {
        let body = try await answer(["layers": [0]])
        let layout = try await TestAPI.shared.get().success("/v1/layout", .question())
        #expect(body["text"] == nil)
        #expect(try body.at("layout") == layout)
        #expect(try body.at("attention.maps").shape == [144, 1, 144])
        #expect(try body.at("attention.rows").array?.count == 144)
        let first = try #require(try body.at("layout.spans.image.0.0").integer)
        #expect(
            try body.at("attention.rows.5")
                == ["image": 0, "token": "patch", "patch": 5, "position": .integer(first + 5)]
        )
        for row in 0..<144 {
            let image = try #require(try body.at("attention.fractions.image.\(row).0").number)
            let own = try #require(try body.at("attention.fractions.class.\(row).0").number)
            #expect(abs(image + own - 1) < 1e-5)
            let map = try #require(try body.at("attention.maps.\(row).0").array).compactMap(\.number)
            #expect(abs(map.reduce(0, +) - image) < 1e-5)
        }
    }

    @Test("rows, layers, heads and columns shape the maps; heads reduce to their mean and maximum")
    func shapes() async throws {
        let depth = try await layers()
        let all = try await answer(["rows": "class", "heads": "all", "columns": "all"])
        #expect(try all.at("attention.maps").shape == [1, depth, 4, 145])
        #expect(try all.at("attention.rows.0") == ["image": 0, "token": "class", "patch": nil, "position": nil])
        let mean = try await answer(["rows": "class", "columns": "all"])
        let most = try await answer(["rows": "class", "heads": "max", "columns": "all"])
        let scaled = try await answer(["rows": "class", "normalize": "image"])
        for layer in 0..<depth {
            let heads = try #require(try all.at("attention.maps.0.\(layer)").array).map {
                ($0.array ?? []).compactMap(\.number)
            }
            let means = try #require(try mean.at("attention.maps.0.\(layer)").array).compactMap(\.number)
            let maxima = try #require(try most.at("attention.maps.0.\(layer)").array).compactMap(\.number)
            for column in 0..<145 {
                let values = heads.map { $0[column] }
                #expect(abs(means[column] - values.reduce(0, +) / 4) < 1e-6)
                #expect(maxima[column] == values.max())
            }
            let map = try #require(try scaled.at("attention.maps.0.\(layer)").array).compactMap(\.number)
            #expect(abs(map.reduce(0, +) - 1) < 1e-5)
        }
    }

    @Test("the numbers are those of the tower's patterns")
    func patterns() async throws {
        let asked: [String: JSONValue] = [
            "rows": ["patches": [[0, 1]]], "heads": [2], "columns": "all", "layers": [1],
        ]
        let attention = try await answer(asked)
        let site = "vision.blocks.1.attn.pattern"
        let sites: [String: JSONValue] = ["sites": [.string(site)]]
        let states = try await TestAPI.shared.get().success("/v1/activations", .question(members: sites))
        let pattern = try #require(states["activations"]?[site])
        #expect(try attention.at("attention.rows").array?.count == 1)
        #expect(try attention.at("attention.maps.0.0.0") == pattern.at("0.2.2"), "the class token comes before patch 1")
    }

    @Test("a span of image tokens names rows; two pictures keep apart")
    func spans() async throws {
        let boxed = try await answer(["rows": ["box": [20, 10, 30, 20]], "layers": [0]])
        let all = try await answer(["layers": [0]])
        let rows = try #require(try boxed.at("attention.rows").array)
        #expect(!rows.isEmpty && rows.count < 144)
        for (index, row) in rows.enumerated() {
            let patch = try #require(row["patch"]?.integer)
            #expect(try boxed.at("attention.maps.\(index)") == all.at("attention.maps.\(patch)"))
        }
        let asked: JSONValue = ["tower": "vision", "rows": "image:1", "layers": [0]]
        func part(_ url: String) -> JSONValue { ["type": "image_url", "image_url": ["url": .string(url)]] }
        let two: JSONValue = [
            "messages": [
                [
                    "role": "user",
                    "content": [part(Pictures.second), part(Pictures.first), ["type": "text", "text": "both?"]],
                ]
            ],
            "attention": asked,
        ]
        let second = try await TestAPI.shared.get().success("/v1/attention", two)
        #expect(try second.at("attention.rows.0.image") == 1)
        #expect(try second.at("attention.maps") == all.at("attention.maps"))
    }

    @Test("archives, base64, streams, pictures and estimates")
    func forms() async throws {
        let api = try TestAPI.shared.get()
        let asked = body(["rows": "class", "layers": [1]])
        let archive = try await api.post("/v1/attention", asked, headers: ["Accept": "application/x-npz"])
        for name in ["attention.maps.npy", "attention.fractions.class.npy", "meta.json"] {
            #expect(archive.body.range(of: Data(name.utf8)) != nil, "\(name)")
        }
        let packed = try await answer(["rows": "class", "layers": [1]], members: ["encoding": "base64"])
        #expect(try packed.at("attention.maps.shape") == [1, 1, 144])
        let streamed = try await api.post("/v1/attention", body(["rows": "class"], members: ["stream": true])).events
        #expect(streamed.count == 3 && streamed.last == "[DONE]")
        let result = try JSONValue(parsing: Data(streamed[1].utf8))
        #expect(result["type"] == "result")
        #expect(try result.at("attention") == (try await answer(["rows": "class"])).at("attention"))
        let png = ["Accept": "image/png"]
        let picture = try await api.post("/v1/attention", asked, headers: png)
        #expect(picture.status == 200 && picture.body.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
        let everything = body(["columns": "all", "rows": "class"])
        let refused = try await api.post("/v1/attention", everything, headers: png)
        #expect(refused.status == 422)
        let route: [String: JSONValue] = ["route": "/v1/attention"]
        let estimate = try await api.success("/v1/estimate", body(["rows": "class"], members: route))
        #expect(try estimate.at("rows") == 0)
    }
}
