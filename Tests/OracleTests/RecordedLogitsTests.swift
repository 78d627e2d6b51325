import Generation
import JSON
import ModelFixtures
import Models
import Probing
import Tensors
import Testing
import Weights

/// Oracles 7 and 10: what is recorded is what the model computes with.
@Suite struct RecordedLogitsTests {
    /// The final norm belongs to the head alone: a state that was already normed would give other logits.
    @Test(arguments: ModelFixture.allCases)
    func theHeadOnTheRecordedLastStateGivesTheModelsLogits(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let record = oracle.forward()
        let hidden = oracle.model.decoder.configuration.hiddenSize
        let last = Array(try #require(record.residuals.last).suffix(hidden))
        let logits = oracle.model.decoder.logits(Matrix(rows: 1, columns: hidden, values: last)).row(0)
        #expect(logits == record.logits.last)
        let result = try await oracle.run(oracle.request(maxTokens: 0))
        #expect(TokenDistribution(logits: logits).logProbabilities == result.next.logProbabilities)
    }

    /// A normed state divided by the norm's weights has a root mean square of 1; the residual stream has another.
    @Test(arguments: ModelFixture.allCases)
    func theRecordedLastStateIsNotYetNormed(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let hidden = oracle.model.decoder.configuration.hiddenSize
        let weights = try Checkpoint(directory: fixture.directory).scope()
            .scope(firstOf: ["language_model.model", "model.language_model"])
            .tensor("norm.weight", shape: [hidden]).floats()
        let states = try #require(oracle.forward().residuals.last)
        let means = stride(from: 0, to: states.count, by: hidden).map { start in
            let row = zip(states[start..<start + hidden], weights).map { $0 / $1 }
            return (row.reduce(0) { $0 + $1 * $1 } / Float(hidden)).squareRoot()
        }
        #expect(means.contains { abs($0 - 1) > 0.05 }, "\(means.prefix(4))")
    }

    @Test(arguments: ModelFixture.small)
    func theLensAtTheLastLayerIsTheModelsDistribution(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let fields: JSONValue = ["positions": "last", "top_k": 5]
        var request = oracle.request(maxTokens: 0)
        request.lens = try LensCapture(
            LensRequest(ProbeField(fields, path: "lens")),
            layout: oracle.prompt.layout,
            decoder: oracle.model.decoder,
            candidates: nil,
            target: nil
        )
        let result = try await oracle.run(request)
        let lens = try #require(result.lens)
        #expect(lens.top.count == oracle.model.probeShape.layers + 1)
        #expect(lens.top.last == [result.next.top(5)])
    }

    /// What the lens reads while it decodes is, bit for bit, what it reads where a prompt dictates the same answer, under
    /// interventions too.
    @Test(arguments: ModelFixture.small, [false, true])
    func theLensReadsAnAnswerLikeADictatedOne(fixture: ModelFixture, isChanged: Bool) async throws {
        let oracle = try await OracleCase(fixture)
        func request(_ prompt: PreparedPrompt, _ positions: JSONValue, maxTokens: Int) throws -> GenerationRequest {
            var request = oracle.request(prompt, maxTokens: maxTokens)
            request.ignoresEnd = true
            if isChanged {
                request.interventions = try oracle.resolved([
                    "kind": "head_ablation", "layers": [1], "heads": [0], "positions": [1, 4],
                ])
            }
            request.lens = try LensCapture(
                LensRequest(ProbeField(["positions": positions, "top_k": 4], path: "lens")),
                layout: prompt.layout,
                decoder: oracle.model.decoder,
                candidates: nil,
                target: 7,
                maxTokens: maxTokens
            )
            return request
        }
        let answered = try await oracle.run(
            request(oracle.prompt, ["union": [[2, 5], "generated"]], maxTokens: 6)
        )
        let read = try #require(answered.lens)
        let length = oracle.prompt.ids.count
        #expect(read.positions == [2, 5] + Array(length..<length + 5))
        let dictated = oracle.prompt.continued(by: answered.tokens.map(\.id))
        let positions = JSONValue.array(read.positions.map { .integer($0) })
        let again = try #require(try await oracle.run(request(dictated, positions, maxTokens: 0)).lens)
        #expect(read.top == again.top)
        #expect(read.targetProbability == again.targetProbability)
        #expect(again.positions == read.positions)
        #expect(read.top.allSatisfy { $0.count == 7 && $0.allSatisfy { $0.count == 4 } })
    }

    @Test(arguments: ModelFixture.small)
    func theFractionsOfARowSumToOne(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var random = oracle.random(seed: 10)
        for trial in 0..<10 {
            let knockout = random.knockout(mode: .preSoftmax)
            var request = oracle.request(maxTokens: 4, knockouts: trial == 0 ? [] : [knockout])
            request.capture = try oracle.everything()
            for row in try await oracle.run(request).attention.values {
                for (layer, recorded) in row.layers.enumerated() {
                    let sum = recorded.fractions.values.reduce(0) { $0 + Double($1) }
                    // A head whose every edge is cut hands out nothing.
                    let living = recorded.maps.count { $0.contains { $0 > 0 } }
                    let expected = Double(living) / Double(recorded.maps.count)
                    #expect(abs(sum - expected) < 1e-5, "\(fixture), trial \(trial), row \(row.position), \(layer)")
                }
            }
        }
    }

    @Test(arguments: ModelFixture.small)
    func theFractionsAreTheMassesOfEachKindOfPosition(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var request = oracle.request(maxTokens: 4)
        request.capture = try oracle.everything()
        for row in try await oracle.run(request).attention.values {
            for recorded in row.layers {
                for kind in PositionKind.allCases {
                    let columns = (0...row.position).filter { oracle.prompt.layout.kind(at: $0) == kind }
                    let mass = columns.reduce(0.0) { sum, column in
                        sum + recorded.maps.reduce(0.0) { $0 + Double($1[column]) } / Double(recorded.maps.count)
                    }
                    #expect(abs(mass - Double(recorded.fractions[kind] ?? 0)) < 1e-5, "\(kind)")
                }
            }
        }
    }
}
