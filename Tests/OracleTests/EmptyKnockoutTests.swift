import Generation
import ModelFixtures
import Models
import Probing
import Testing

/// Oracle 1: cutting nothing changes nothing.
@Suite struct EmptyKnockoutTests {
    @Test(arguments: ModelFixture.small)
    func aKnockoutWithoutEdgesEqualsTheBaselineBitwise(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let baseline = oracle.forward(answer: [3, 4])
        for knockout in emptyOnes(oracle) {
            #expect(oracle.forward([knockout], answer: [3, 4]) == baseline)
            expectSame(
                try await oracle.run(oracle.request(knockouts: [knockout])),
                try await oracle.run(oracle.request()),
                "\(fixture)"
            )
        }
    }

    @Test(arguments: ModelFixture.small)
    func anAblationWithoutPositionsEqualsTheBaselineBitwise(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var request = oracle.request()
        request.interventions.states = [.embeddings([], become: [])]
        expectSame(try await oracle.run(request), try await oracle.run(oracle.request()), "\(fixture)")
    }

    @Test func aPromptWithoutAPictureHasNothingForThePresetsToCut() async throws {
        let oracle = try await OracleCase(.mhaCrop, "Hello.", pictures: [])
        #expect(throws: ProbeError.self) { try oracle.preset(.imageToGenerated) }
    }

    /// No receiver; no source; no head; no layer; only edges that causality forbids anyway.
    private func emptyOnes(_ oracle: OracleCase) -> [EdgeEdit] {
        let length = oracle.prompt.layout.length
        let (layers, heads) = (oracle.model.probeShape.layers, oracle.model.probeShape.heads)
        let all = PositionSet(length: length, positions: 0..<length, generated: true)
        let none = PositionSet(length: length)
        func knockout(_ layers: Int, _ to: PositionSet, _ from: PositionSet, _ heads: Int) -> EdgeEdit {
            EdgeEdit(
                layers: Array(0..<layers),
                receivers: to,
                sources: from,
                heads: Array(0..<heads),
                mode: .preSoftmax
            )
        }
        let first = PositionSet(length: length, positions: [0])
        let later = PositionSet(length: length, positions: 1..<length)
        return [
            knockout(layers, none, all, heads), knockout(layers, all, none, heads), knockout(layers, all, all, 0),
            knockout(0, all, all, heads), knockout(layers, first, later, heads),
        ]
    }
}
