import ModelFixtures
import Models
import Probing
import Testing

@testable import Generation

/// P2's top-K: each layer keeps its own most attended image tokens.
@Suite(.serialized) struct TopAttendedTests {
    /// The ranking is the mean over heads and answer rows of attention as it is recorded head by head.
    @Test(arguments: ModelFixture.small)
    func theRankingIsTheMeanOverRowsAndHeads(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        var request = test.request()
        request.capture = try test.everything()
        let result = try await test.run(request)
        let first = test.prompt.layout.length - 1
        let ranking = try #require(try await test.engine.ranking(of: test.request()))
        for layer in 0..<test.model.probeShape.layers {
            var scores = [Double](repeating: 0, count: test.image.count)
            for row in first..<first + result.tokens.count {
                for head in try #require(result.attention[row]).layers[layer].maps {
                    for (index, position) in test.image.enumerated() { scores[index] += Double(head[position]) }
                }
            }
            for count in [1, test.image.count / 2, test.image.count] {
                let top = ranking.top(count, of: test.image, layer: layer)
                let lowest = top.compactMap { test.image.firstIndex(of: $0) }.map { scores[$0] }.min() ?? 0
                let others = test.image.indices.filter { !top.contains(test.image[$0]) }.map { scores[$0] }
                #expect(top.count == count && top == top.sorted())
                // Sums in another order may swap what is equal but for rounding.
                #expect((others.max() ?? 0) <= lowest * (1 + 1e-5), "\(fixture), layer \(layer)")
            }
        }
    }

    /// Decode rows see exactly the kept columns of their layer, and the prompt's rows see all.
    @Test(arguments: ModelFixture.small)
    func cutColumnsHaveNoMass(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let ranking = try #require(try await test.engine.ranking(of: test.request()))
        let shape = test.model.probeShape
        let layout = test.prompt.layout
        let span = SpanSelector.minus(.named("image"), .topAttended(.fraction(0.25), of: .named("image")))
        let knockout = Intervention.knockout(
            from: span,
            to: .named("generated"),
            layers: .all,
            heads: .all,
            .preSoftmax
        )
        let edges = try knockout.ranked(by: ranking, layout: layout, shape: shape, parameter: "x").map(test.resolved)
        #expect(edges.map(\.layers) == (0..<shape.layers).map { [$0] })
        var request = test.request(knockouts: edges)
        request.capture = try test.everything()
        let result = try await test.run(request)
        let decodeRows = result.attention.values.filter { $0.position >= layout.length }
        #expect(result.tokens.count < 2 || !decodeRows.isEmpty)
        for row in decodeRows {
            for (layer, recorded) in row.layers.enumerated() {
                let kept = ranking.top(test.image.count / 4, of: test.image, layer: layer)
                for head in recorded.maps {
                    for position in test.image { #expect((head[position] > 0) == kept.contains(position)) }
                }
            }
        }
    }

    /// Without an answer it is the prompt's last row that ranks.
    @Test func nothingAskedForRanksByTheLastRow() async throws {
        let test = try await OracleCase(ModelFixture.small[0])
        let none = try #require(try await test.engine.ranking(of: test.request(maxTokens: 0)))
        let one = try #require(try await test.engine.ranking(of: test.request(maxTokens: 1)))
        for layer in 0..<test.model.probeShape.layers {
            #expect(none.top(3, of: test.image, layer: layer) == one.top(3, of: test.image, layer: layer))
        }
    }
}
