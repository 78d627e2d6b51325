@testable import Generation
import JSON
import ModelFixtures
import Models
import Probing
import Testing

/// What must hold of rolled-out attention and of excluded sinks with any weights.
@Suite struct RolloutTests {
    @Test(arguments: ModelFixture.small)
    func rowsSumToOneAndTheFirstLayersAreHalfAttentionHalfSelf(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let rows: JSONValue = ["union": ["text", "generated"]]
        let rolled = try await run(oracle, ["rollout": true, "columns": "all", "rows": rows])
        let plain = try await run(oracle, ["columns": "all", "rows": rows])
        #expect(rolled.attention.count > oracle.prompt.layout.tokens.count)
        for (position, row) in rolled.attention {
            for layer in row.layers {
                #expect(abs(layer.maps[0].reduce(0, +) - 1) < 1e-5)
                #expect(abs(layer.fractions.values.reduce(0, +) - 1) < 1e-5)
            }
            var first = try #require(plain.attention[position]).layers[0].maps[0]
            first[position] += 1
            #expect(row.layers[0].maps[0] == first.map { $0 * 0.5 })
        }
    }

    @Test(arguments: ModelFixture.small)
    func rolloutAndSinksChangeNoBitOfTheAnswer(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let plain = try await oracle.run(oracle.request(maxTokens: 8))
        let forms: [[String: JSONValue]] = [["rollout": true], ["exclude_sinks": ["tau": 1.5]]]
        for form in forms { expectSame(try await run(oracle, form, maxTokens: 8), plain, "\(fixture), \(form)") }
    }

    /// A list of layers leaves the product alone: it runs over all layers up to each.
    @Test(arguments: ModelFixture.small)
    func listedLayersAreThoseOfTheWholeProduct(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let all = try await run(oracle, ["rollout": true])
        let one = try await run(oracle, ["rollout": true, "layers": [1]])
        for (position, row) in one.attention {
            #expect(row.layers.map(\.maps) == [try #require(all.attention[position]).layers[1].maps])
        }
    }

    /// Both need rows that a cache would spare them, and get them: a warm engine says what a cold one does.
    @Test(arguments: ModelFixture.small)
    func noRowThatIsNeededComesFromACache(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let warm = InferenceEngine(model: oracle.model, prefixBytes: 1 << 28)
        _ = await warm.result(of: oracle.request())
        let forms: [[String: JSONValue]] = [
            ["rollout": true], ["exclude_sinks": ["tau": 1.5]], ["exclude_sinks": ["tau": 1.5, "dimensions": [0, 5]]],
        ]
        for form in forms {
            let request = try request(oracle, form)
            let result = try #require(await warm.result(of: request))
            expectSameProbes(result, try await oracle.run(request), "\(fixture), \(form)")
            #expect(result.sinks == (try await oracle.run(request)).sinks)
            let first = form["exclude_sinks"]?["dimensions"] == nil ? 0 : oracle.image[0]
            #expect(result.cachedTokens == first)
        }
    }

    @Test(arguments: ModelFixture.small)
    func stepsOfAnySizeGiveTheSameRows(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        for form: [String: JSONValue] in [["rollout": true], ["exclude_sinks": ["tau": 1.5]]] {
            let request = try request(oracle, form)
            func probes(chunk: Int) -> ProbeRun {
                let probes = ProbeRun(capture: request.capture, shape: oracle.model.probeShape)
                _ = ForwardRecord(oracle.prompt, answer: [4, 5], model: oracle.model, chunk: chunk, probes: probes)
                return probes
            }
            let whole = probes(chunk: .max)
            for chunk in [1, 7, 16] {
                let pieces = probes(chunk: chunk)
                #expect(pieces.sinks == whole.sinks)
                for (position, row) in whole.rows {
                    #expect(pieces.rows[position]?.layers.map(\.maps) == row.layers.map(\.maps), "chunk \(chunk)")
                }
            }
        }
    }

    /// An edge that is cut carries nothing back: with the picture hidden from all text, rollout sees none of it.
    @Test(arguments: ModelFixture.small)
    func aPictureHiddenFromAllTextHasNoShare(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var request = try request(oracle, ["rollout": true])
        request.interventions.edges = [try oracle.preset(.imageToTextAndGenerated)]
        for row in try await oracle.run(request).attention.values {
            #expect(row.layers.allSatisfy { $0.maps[0].allSatisfy { $0 == 0 } && $0.fractions[.image] == 0 })
        }
    }

    /// Masses add up: what a map shows and what it leaves out is the image's share.
    @Test(arguments: ModelFixture.small)
    func excludedMassIsWhatTheMapsLack(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let result = try await run(oracle, ["exclude_sinks": ["tau": 1.5]])
        let sinks = try #require(result.sinks)
        #expect(sinks.layers.values.contains { !$0.positions.isEmpty })
        for row in result.attention.values {
            for (index, layer) in row.layers.enumerated() {
                let shown = layer.maps[0].reduce(0, +)
                let image = try #require(layer.fractions[.image])
                #expect(abs(shown + layer.excludedMass - image) < 1e-5)
                let columns = try #require(sinks.layers[index]).positions.map { $0 - oracle.image[0] }
                #expect(columns.allSatisfy { layer.maps[0][$0] == 0 })
            }
        }
    }

    @Test(arguments: ModelFixture.small)
    func tokensComeWithTheRowsThatProducedThem(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let request = try request(oracle, ["heads": "all", "columns": "all"])
        var rows: [AttentionRow] = []
        for await event in oracle.engine.generate(request) {
            switch event {
            case .token(_, _, let row): rows.append(try #require(row))
            case .reading: Issue.record("there is no lens")
            case .finished(let result, _):
                #expect(rows.count == result.tokens.count)
                for (index, row) in rows.enumerated() {
                    #expect(row.position == oracle.prompt.layout.length - 1 + index)
                    #expect(row.layers.map(\.maps) == result.attention[row.position]?.layers.map(\.maps))
                }
            }
        }
        for await event in oracle.engine.generate(oracle.request()) {
            if case .token(_, _, let row) = event { #expect(row == nil) }
        }
    }

    @Test func rolloutCountsAsMemoryOfTheRun() async throws {
        let oracle = try await OracleCase(.mhaCrop)
        let plain = try request(oracle, [:]).cacheBytes(oracle.model)
        let rolled = try request(oracle, ["rollout": true])
        let positions = oracle.prompt.ids.count + rolled.maxTokens
        let layers = oracle.model.probeShape.layers
        #expect(rolled.cacheBytes(oracle.model) == plain + (layers - 1) * positions * (positions + 1) / 2 * 4)
    }

    @Test func aRolloutThatDoesNotFitIsRefusedBeforeItRuns() async throws {
        let oracle = try await OracleCase(.mhaCrop)
        let plain = oracle.request()
        let engine = InferenceEngine(model: oracle.model, cacheBudget: plain.cacheBytes(oracle.model))
        try engine.checkMemory(for: plain)
        let rolled = try request(oracle, ["rollout": true], maxTokens: plain.maxTokens)
        #expect(throws: MemoryError.self) { try engine.checkMemory(for: rolled) }
    }

    @Test(arguments: ModelFixture.small)
    func runsBesideOthersHaveTheSameRows(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let forms: [[String: JSONValue]] = [["rollout": true], ["exclude_sinks": ["tau": 1.5]], [:], ["rollout": true]]
        let requests = try forms.map { try request(oracle, $0) }
        for (request, result) in zip(requests, try await oracle.runTogether(requests)) {
            expectSameProbes(result, try await oracle.run(request), "\(fixture)")
        }
    }

    @Test func rowsThatAnotherRunComputedAreRefused() async throws {
        let oracle = try await OracleCase(.mhaCrop)
        var shared = oracle.request()
        shared.sharedPrefix = oracle.model.decoder.makeCache()
        var attention = AttentionRequest()
        attention.rollsOut = true
        let error = #expect(throws: ProbeError.self) {
            try shared.record(attention, shape: oracle.model.probeShape)
        }
        #expect(error?.parameter == "attention.rollout")
    }

    // MARK: - Private

    private func request(
        _ oracle: OracleCase,
        _ form: [String: JSONValue],
        maxTokens: Int = 4
    ) throws -> GenerationRequest {
        var request = oracle.request(maxTokens: maxTokens)
        let attention = try AttentionRequest(ProbeField(.object(form), path: "attention"))
        try request.record(attention, shape: oracle.model.probeShape)
        return request
    }

    private func run(
        _ oracle: OracleCase,
        _ form: [String: JSONValue],
        maxTokens: Int = 4
    ) async throws -> GenerationResult {
        try await oracle.run(try request(oracle, form, maxTokens: maxTokens))
    }
}
