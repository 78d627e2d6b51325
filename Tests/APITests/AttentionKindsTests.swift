import Foundation
import JSON
import Testing

@Suite("Rolled-out attention, excluded sinks and streamed rows over HTTP")
struct AttentionKindsTests {
    @Test("rollout gives rows that sum to one, and says that it did")
    func rollout() async throws {
        let api = try TestAPI.shared.get()
        let members: [String: JSONValue] = ["attention": ["rollout": true, "columns": "all"]]
        let body = try await api.success("/v1/attention", .question(members: members))
        let plain = try await api.success("/v1/attention", .question(members: ["attention": ["columns": "all"]]))
        #expect(try body.at("attention.rollout") == true)
        #expect(try plain.at("attention")["rollout"] == nil)
        #expect(try body.at("text") == plain.at("text"))
        #expect(try body.at("tokens") == plain.at("tokens"))
        #expect(try body.at("attention.maps").shape == plain.at("attention.maps").shape)
        #expect(try body.at("attention.maps") != plain.at("attention.maps"))
        for row in try #require(try body.at("attention.maps").array) {
            for layer in try #require(row.array) {
                let sum = try #require(layer.array).reduce(0) { $0 + ($1.number ?? .nan) }
                #expect(abs(sum - 1) < 1e-5)
            }
        }
    }

    @Test("rollout takes layers, spans, archives, pictures and interventions")
    func rolloutInEveryForm() async throws {
        let api = try TestAPI.shared.get()
        let asked: JSONValue = ["rollout": true, "layers": [5], "rows": "question"]
        let body = try await api.success("/v1/attention", .question(members: ["attention": asked]))
        #expect(try body.at("attention.layers") == [5])
        let archive = try await api.post(
            "/v1/attention",
            .question(members: ["attention": asked]),
            headers: ["Accept": "application/x-npz"]
        )
        #expect(archive.status == 200 && archive.body.range(of: Data("attention.maps.npy".utf8)) != nil)
        let picture = try await api.post(
            "/v1/attention",
            .question(members: ["attention": asked, "render": ["layer": 5]]),
            headers: ["Accept": "image/png"]
        )
        #expect(picture.status == 200 && picture.body.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
        let cut: [String: JSONValue] = ["attention": ["rollout": true], "interventions": ["img->txt+gen"]]
        let blind = try await api.success("/v1/attention", .question(members: cut))
        for row in try #require(try blind.at("attention.fractions.image").array) {
            #expect(row.array?.compactMap(\.number) == Array(repeating: 0, count: 8))
        }
    }

    @Test("sinks are named layer by layer, their columns empty, their mass reported")
    func sinks() async throws {
        let api = try TestAPI.shared.get()
        let members: [String: JSONValue] = ["attention": ["exclude_sinks": ["tau": 2]]]
        let body = try await api.success("/v1/attention", .question(members: members))
        let plain = try await api.success("/v1/attention", .question())
        #expect(try body.at("attention.sinks.tau").number == 2)
        #expect(try body.at("attention.fractions") == plain.at("attention.fractions"))
        let rows = try #require(try body.at("attention.rows").array).count
        var excluded = 0
        for layer in 0..<8 {
            let columns = try #require(try body.at("attention.sinks.columns.\(layer)").array).compactMap(\.integer)
            let positions = try #require(try body.at("attention.sinks.positions.\(layer)").array).compactMap(\.integer)
            let first = try #require(try body.at("layout.spans.image.0.0").integer)
            #expect(columns.map { $0 + first } == positions)
            excluded += columns.count
            for row in 0..<rows {
                let map = try #require(try body.at("attention.maps.\(row).\(layer)").array)
                let whole = try #require(try plain.at("attention.maps.\(row).\(layer)").array)
                for column in map.indices {
                    #expect(map[column].number == (columns.contains(column) ? 0 : whole[column].number))
                }
                let mass = try #require(try body.at("attention.sinks.mass.\(row).\(layer)").number)
                let lost = columns.reduce(0) { $0 + (whole[$1].number ?? .nan) }
                #expect(abs(mass - lost) < 1e-6)
            }
        }
        #expect(excluded > 0 && excluded < 8 * 144)
    }

    @Test("what is left is scaled after the sinks are gone")
    func normalised() async throws {
        let asked: JSONValue = ["exclude_sinks": ["tau": 2], "normalize": "image"]
        let body = try await TestAPI.shared.get().success("/v1/attention", .question(members: ["attention": asked]))
        for row in try #require(try body.at("attention.maps").array) {
            for layer in try #require(row.array) {
                let sum = try #require(layer.array).reduce(0) { $0 + ($1.number ?? .nan) }
                #expect(abs(sum - 1) < 1e-5 || sum == 0)
            }
        }
    }

    @Test("with all columns a row is scaled by its image columns, which are then those asked for alone")
    func normalisedColumns() async throws {
        let api = try TestAPI.shared.get()
        for tower in ["text", "vision"] {
            func maps(_ columns: String, _ normalize: String) async throws -> [[Double]] {
                var asked: [String: JSONValue] = [
                    "tower": .string(tower), "columns": .string(columns), "normalize": .string(normalize),
                    "layers": [1], "heads": [0, 3],
                ]
                if tower == "vision" { asked["rows"] = ["patches": [[2, 3], [7, 0]]] }
                let body = JSONValue.question(members: ["attention": .object(asked)])
                let rows = try #require(try await api.success("/v1/attention", body).at("attention.maps").array)
                return rows.flatMap { $0.array ?? [] }.flatMap { $0.array ?? [] }.map {
                    ($0.array ?? []).compactMap(\.number)
                }
            }
            let first =
                tower == "vision"
                ? 1
                : try #require(
                    try await api.success("/v1/layout", .question()).at("spans.image.0.0").integer
                )
            let (plain, scaled, image) =
                (try await maps("all", "none"), try await maps("all", "image"), try await maps("image", "image"))
            #expect(plain.count == scaled.count && plain.count == image.count)
            for (row, own) in scaled.enumerated() {
                #expect(Array(own[first..<first + 144]) == image[row], "\(tower), row \(row)")
                let mass = plain[row][first..<first + 144].reduce(0, +)
                for (column, value) in own.enumerated() {
                    #expect(abs(value - plain[row][column] / mass) <= 1e-5 * max(1, value), "\(tower), row \(row)")
                }
            }
        }
        let blind = JSONValue.question(image: nil, members: ["attention": ["columns": "all", "normalize": "image"]])
        let refused = try await api.post("/v1/attention", blind)
        #expect(refused.status == 422)
        #expect(try refused.json.at("error.param") == "attention.normalize")
    }

    @Test("fractions are those of the heads that are listed, and of all where they are reduced")
    func headFractions() async throws {
        let api = try TestAPI.shared.get()
        func answer(_ heads: JSONValue) async throws -> JSONValue {
            let asked: JSONValue = ["heads": heads, "columns": "all"]
            return try await api.success("/v1/attention", .question(members: ["attention": asked])).at("attention")
        }
        let image = try #require(try await api.success("/v1/layout", .question()).at("spans.image.0").array)
        let columns = try #require(image[0].integer)..<(try #require(image[1].integer))
        let every = try await answer("all")
        for heads in [[2], [0, 3], [0, 1, 2, 3]] {
            let listed = try await answer(.array(heads.map { .integer($0) }))
            for row in 0..<4 {
                for layer in 0..<8 {
                    let masses = try heads.map { head in
                        try columns.reduce(0.0) {
                            $0 + (try every.at("maps.\(row).\(layer).\(head).\($1)").number ?? .nan)
                        }
                    }
                    let fraction = try #require(try listed.at("fractions.image.\(row).\(layer)").number)
                    #expect(abs(fraction - masses.reduce(0, +) / Double(heads.count)) < 1e-5, "\(heads)")
                }
            }
        }
        let mean = try await answer("mean")
        for reduced in ["all", "max"] {
            #expect(try await answer(.string(reduced)).at("fractions") == mean.at("fractions"))
        }
    }

    @Test("a threshold that no state can reach is warned about")
    func unreachable() async throws {
        let members: [String: JSONValue] = ["attention": ["exclude_sinks": ["tau": 1000]]]
        let body = try await TestAPI.shared.get().success("/v1/attention", .question(members: members))
        #expect(try body.at("warnings.0").string?.contains("attention.exclude_sinks.tau") == true)
        #expect(try body.at("attention.sinks.positions") == .array(Array(repeating: [], count: 8)))
    }

    @Test("an estimate counts what rollout keeps")
    func estimate() async throws {
        let api = try TestAPI.shared.get()
        func bytes(_ attention: JSONValue) async throws -> Int {
            let members: [String: JSONValue] = ["route": "/v1/attention", "attention": attention]
            let body = try await api.success("/v1/estimate", .question(members: members))
            return try #require(try body.at("peak_bytes").integer)
        }
        // The layout has the picture read: its share of the memory is in neither estimate then.
        let length = try #require(try await api.success("/v1/layout", .question()).at("length").integer) + 4
        let plain = try await bytes([:])
        #expect(try await bytes(["rollout": true]) == plain + 7 * length * (length + 1) / 2 * 4)
    }

    @Test(
        "a stream's tokens carry the rows that the result holds",
        arguments: [
            [:], ["heads": [0, 2], "layers": [1, 5], "normalize": "image"], ["rollout": true, "columns": "all"],
            ["exclude_sinks": ["tau": 2]],
        ] as [[String: JSONValue]]
    )
    func streamed(attention: [String: JSONValue]) async throws {
        let members: [String: JSONValue] = ["attention": .object(attention), "stream": true]
        let answer = try await TestAPI.shared.get().post("/v1/attention", .question(members: members))
        let events = try answer.events.dropLast().map { try JSONValue(parsing: Data($0.utf8)) }
        let result = try #require(events.last)
        let tokens = events.filter { $0["type"] == "token" }
        #expect(tokens.count == (try result.at("attention.rows").array?.count) && !tokens.isEmpty)
        for (index, token) in tokens.enumerated() {
            let row = try token.at("attention")
            #expect(try row.at("position") == result.at("attention.rows.\(index).position"))
            #expect(try row.at("layers") == result.at("attention.layers"))
            for (kind, values) in try #require(try result.at("attention.fractions").object) {
                #expect(try row.at("fractions.\(kind)") == values.at("\(index)"))
            }
            if attention["exclude_sinks"] != nil {
                #expect(try row.at("excluded_mass") == result.at("attention.sinks.mass.\(index)"))
            }
            let map = try row.at("maps"), whole = try result.at("attention.maps.\(index)")
            guard attention["columns"] != nil else {
                #expect(map == whole)
                continue
            }
            for (seen, padded) in zip(try #require(map.array), try #require(whole.array)) {
                #expect(try #require(padded.array).starts(with: try #require(seen.array)))
            }
        }
    }

    @Test("a stream's rows come in the encoding asked for; a span's own rows come with the result alone")
    func streamedForms() async throws {
        let api = try TestAPI.shared.get()
        func tokens(_ members: [String: JSONValue]) async throws -> [JSONValue] {
            let body = JSONValue.question(members: members.merging(["stream": true]) { $1 })
            let events = try await api.post("/v1/attention", body).events.dropLast()
            return try events.map { try JSONValue(parsing: Data($0.utf8)) }.filter { $0["type"] == "token" }
        }
        for token in try await tokens(["encoding": "base64", "dtype": "f16"]) {
            #expect(try token.at("attention.maps.shape") == [8, 144])
            #expect(try token.at("attention.maps.dtype") == "f16")
        }
        let rows = try await tokens(["attention": ["rows": "question"]])
        #expect(!rows.isEmpty && rows.allSatisfy { $0["attention"] == nil })
        let both = try await tokens(["attention": ["rows": ["union": ["question", "generated"]]]])
        #expect(both.map { $0["attention"] == nil } == [true] + Array(repeating: false, count: both.count - 1))
    }

    @Test("the description and the capabilities name both")
    func described() async throws {
        let api = try TestAPI.shared.get()
        let capabilities = try await api.get("/v1/capabilities").json
        #expect(try capabilities.at("attention.rollout") == true)
        #expect(try capabilities.at("attention.exclude_sinks.tau").number == 20)
        let schema = try await api.get("/openapi.json").json.at("components.schemas.Attention.properties")
        let members = try #require(try schema.at("attention.properties").object).keys
        #expect(Set(["rollout", "exclude_sinks"]).isSubset(of: members))
    }
}
