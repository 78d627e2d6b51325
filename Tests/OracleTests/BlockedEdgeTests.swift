import Generation
import ModelFixtures
import Models
import Probing
import Testing

/// Oracle 2: blocked edges have no mass and the rest of the row has all of it, in prefill and decode.
@Suite struct BlockedEdgeTests {
    @Test(arguments: ModelFixture.small)
    func blockedEdgesHaveNoMassAndRowsSumToOne(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var random = oracle.random(seed: 2)
        for trial in 0..<20 {
            let knockouts = random.next()
            var request = oracle.request(maxTokens: 3, knockouts: knockouts)
            request.capture = try oracle.everything()
            let result = try await oracle.run(request)
            #expect(result.attention.count >= oracle.prompt.layout.length)
            for row in result.attention.values {
                check(row, against: knockouts, "\(fixture), trial \(trial)")
            }
        }
    }

    @Test(arguments: ModelFixture.small)
    func captureChangesNoBitOfAKnockedOutRun(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var random = oracle.random(seed: 22)
        for trial in 0..<30 {
            var request = oracle.request(maxTokens: 3, knockouts: random.next())
            let plain = try await oracle.run(request)
            request.capture = try oracle.everything()
            expectSame(try await oracle.run(request), plain, "\(fixture), trial \(trial)")
        }
    }

    private func check(_ row: AttentionRow, against knockouts: [EdgeEdit], _ comment: String) {
        for (layer, recorded) in row.layers.enumerated() {
            let acting = knockouts.filter { $0.layers.contains(layer) && $0.receivers.contains(row.position) }
            for (head, masses) in recorded.maps.enumerated() {
                let onHead = acting.filter { $0.heads.contains(head) }
                let blocked = masses.indices.filter { key in onHead.contains { $0.sources.contains(key) } }
                let place = "\(comment): row \(row.position), layer \(layer), head \(head)"
                let leaked = blocked.filter { masses[$0] != 0 }
                #expect(leaked.isEmpty, "\(place)")
                guard onHead.allSatisfy({ $0.mode == .preSoftmax }) else { continue }
                let sum = masses.reduce(0) { $0 + Double($1) }
                let expected = blocked.count == masses.count ? 0.0 : 1.0
                #expect(abs(sum - expected) < 1e-5, "\(place)")
            }
        }
    }
}
