import Foundation
import Generation
import JSON
import Models
import Probing
import Tensors
import Testing

/// What is derived from attention against transformers' own; `Tests/Fixtures/attention/README.md` describes the numbers.
///
/// All of it are shares of one, so errors are absolute, and rollout, whose rows sum to one, adds up no more than they do.
@Suite(.serialized) struct DerivedAttentionParityTests {
    @Test(arguments: ParityFixture.names)
    func theLargestOfAllHeadsAgrees(fixture name: String) async throws {
        let test = try await DerivedAttentionCase(name)
        let result = try await test.run(["heads": "max"])
        #expect(absoluteError(try test.maps(result), try test.array("max")) <= 1e-5)
    }

    @Test(arguments: ParityFixture.names)
    func normalisedRowsAgree(fixture name: String) async throws {
        let test = try await DerivedAttentionCase(name)
        let result = try await test.run(["normalize": "image"])
        #expect(absoluteError(try test.maps(result), try test.array("normalized")) <= 1e-5)
    }

    @Test(arguments: ParityFixture.names)
    func rolloutAgrees(fixture name: String) async throws {
        let test = try await DerivedAttentionCase(name)
        let result = try await test.run(["rollout": true, "columns": "all"])
        #expect(absoluteError(try test.maps(result), try test.array("rollout")) <= 1e-5)
    }

    @Test(arguments: ParityFixture.names)
    func rolloutUnderKnockoutsAgrees(fixture name: String) async throws {
        let test = try await DerivedAttentionCase(name)
        let edges = try #require(test.fields["knockouts"]?.array).map { try knockout($0, length: test.length) }
        let result = try await test.run(["rollout": true, "columns": "all", "rows": "last"], edges: edges)
        let row = try #require(result.attention[test.length - 1])
        let maps = row.layers.flatMap { $0.maps[0] }
        #expect(absoluteError(maps, try test.array("knockout.rollout")) <= 1e-5)
    }

    @Test(arguments: ParityFixture.names)
    func sinksAndWhatIsLeftAgree(fixture name: String) async throws {
        let test = try await DerivedAttentionCase(name)
        let tau = try #require(test.fields["tau"])
        let result = try await test.run(["exclude_sinks": ["tau": tau]])
        let layers = try #require(result.sinks).layers.sorted { $0.key < $1.key }.map(\.value)
        #expect(layers.map(\.dimensions) == test.lists("dimensions"))
        #expect(layers.map(\.positions) == test.lists("positions"))
        #expect(absoluteError(try test.maps(result), try test.array("sinks.maps")) <= 1e-5)
        let mass = try test.rows(result).flatMap { $0.layers.map(\.excludedMass) }
        #expect(absoluteError(mass, try test.array("sinks.mass")) <= 1e-5)
        let scaled = try await test.run(["exclude_sinks": ["tau": tau], "normalize": "image"])
        #expect(absoluteError(try test.maps(scaled), try test.array("sinks.normalized")) <= 1e-5)
    }

    @Test(arguments: ParityFixture.names)
    func sinksOfNamedDimensionsAgree(fixture name: String) async throws {
        let test = try await DerivedAttentionCase(name)
        let named = try #require(test.fields["named"])
        let request: JSONValue = ["tau": test.fields["tau"] ?? nil, "dimensions": named["dimensions"] ?? nil]
        let result = try await test.run(["exclude_sinks": request])
        let layers = try #require(result.sinks).layers.sorted { $0.key < $1.key }.map(\.value)
        #expect(layers.map(\.positions) == DerivedAttentionCase.lists(named["positions"]))
    }

    @Test(arguments: ParityFixture.names)
    func theVisionTowersOwnAgrees(fixture name: String) async throws {
        let test = try await DerivedAttentionCase(name)
        let expected = try test.array("vision")
        let (heads, tokens) = (test.visionShape.heads, test.visionShape.tokens)
        let each = try await test.visionRows(["heads": "all", "columns": "all"])
        #expect(absoluteError(flattened(each), expected) <= 1e-5)
        let most = try await test.visionRows(["heads": "max", "columns": "all"])
        let maps = stride(from: 0, to: expected.count, by: heads * tokens).map { start in
            (0..<tokens).map { token in (0..<heads).map { expected[start + $0 * tokens + token] }.max() ?? 0 }
        }
        #expect(absoluteError(flattened(most), maps.flatMap { $0 }) <= 1e-5)
        let scaled = try await test.visionRows(["normalize": "image"])
        let shares = stride(from: 0, to: expected.count, by: heads * tokens).map { start -> [Float] in
            let patches = (1..<tokens).map { token in
                (0..<heads).reduce(Float(0)) { $0 + expected[start + $1 * tokens + token] }
            }
            return patches.map { $0 / patches.reduce(0, +) }
        }
        #expect(absoluteError(flattened(scaled), shares.flatMap { $0 }) <= 1e-5)
    }

    private func flattened(_ rows: [VisionAttentionRow]) -> [Float] {
        rows.flatMap { $0.layers.flatMap { $0.maps.flatMap { $0 } } }
    }
}

/// One fixture's model, prompt and expectations.
private struct DerivedAttentionCase {
    let fields: JSONValue
    private let model: VisionLanguageModel
    private let prompt: PreparedPrompt
    private let tokens: [Int]
    private let positions: [Int]
    private let images: [PromptImage]
    private let arrays: FixtureArrays

    init(_ name: String) async throws {
        let fixture = try ParityFixture(name)
        let folder = ParityFixture.root.deletingLastPathComponent().appendingPathComponent("attention")
        fields = try JSONValue(parsing: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
        arrays = try FixtureArrays(folder.appendingPathComponent("\(name).safetensors"))
        model = try fixture.model()
        let written = try fixture.prompt(try #require(fields["prompt"]?.string))
        prompt = try await written.prepared(model)
        images = try written.images
        tokens = try #require(fields["tokens"]?.array).compactMap(\.integer)
        positions = try #require(fields["rows"]?.array).compactMap(\.integer)
    }

    var length: Int { prompt.ids.count }

    func array(_ name: String) throws -> [Float] { try arrays(name).values }

    func lists(_ key: String) -> [[Int]] { Self.lists(fields[key]) }

    static func lists(_ value: JSONValue?) -> [[Int]] {
        (value?.array ?? []).map { ($0.array ?? []).compactMap(\.integer) }
    }

    /// Runs the prompt and its answer; `form` is the `attention` member of a request, its rows those of the fixture.
    func run(_ form: [String: JSONValue], edges: [EdgeEdit] = []) async throws -> GenerationResult {
        let prompted = positions.filter { $0 < length }.map { JSONValue.integer($0) }
        let rows: JSONValue = ["union": [.array(prompted), "generated"]]
        var request = GenerationRequest(prompt: prompt, maxTokens: edges.isEmpty ? tokens.count : 0)
        request.ignoresEnd = true
        request.interventions.edges = edges
        let field = ProbeField(.object(["rows": rows].merging(form) { $1 }), path: "attention")
        let attention = try AttentionRequest(field)
        try request.record(attention, shape: model.probeShape)
        let result = try #require(await InferenceEngine(model: model).result(of: request))
        #expect(edges.isEmpty == (result.tokens.map(\.id) == tokens))
        return result
    }

    var visionShape: VisionShape { model.vision.shape }

    /// The fixture's rows of the vision tower; `form` is the `attention` member of a request.
    func visionRows(_ form: [String: JSONValue]) async throws -> [VisionAttentionRow] {
        let picture = try #require(fields["vision"]?["picture"]?.integer)
        let wanted = try #require(fields["vision"]?["rows"]?.array).compactMap(\.integer)
        #expect(visionShape.layers == fields["vision"]?["layers"]?.integer)
        var rows: [VisionAttentionRow] = []
        for kind: JSONValue in ["class", "patches"] {
            let field = ProbeField(.object(form.merging(["rows": kind]) { $1 }), path: "attention")
            let plan = try VisionAttentionPlan(VisionAttentionRequest(field), layout: prompt.layout, shape: visionShape)
            rows += try await PromptPreparer(model: model).visionAttention(images, plan)
        }
        return rows.filter { $0.row.picture == picture && wanted.contains($0.row.token) }
    }

    /// The fixture's rows.
    func rows(_ result: GenerationResult) throws -> [AttentionRow] {
        try positions.map { try #require(result.attention[$0]) }
    }

    /// `[rows][layers][columns]`, rows ending in zeros up to the longest.
    func maps(_ result: GenerationResult) throws -> [Float] {
        let maps = try rows(result).flatMap { $0.layers.flatMap(\.maps) }
        let columns = maps.map(\.count).max() ?? 0
        return maps.flatMap { $0 + Array(repeating: 0, count: columns - $0.count) }
    }
}
