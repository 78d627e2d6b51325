import ModelFixtures
import Models
import Probing
import Testing

/// Oracle 3: causality. Positions before the first receiver and layers before the window are as they were.
@Suite struct UntouchedStateTests {
    @Test(arguments: ModelFixture.small)
    func positionsBeforeTheFirstReceiverAndLayersBeforeTheWindowAreUnchanged(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let answer = [5, 9, 4]
        let baseline = oracle.forward(answer: answer)
        let length = baseline.logits.count
        var random = oracle.random(seed: 3)
        var changed = 0
        for trial in 0..<30 {
            let knockout = random.knockout()
            let record = oracle.forward([knockout], answer: answer)
            let firstReceiver = min(knockout.receivers.first ?? length, length)
            let firstLayer = knockout.layers[0]
            for layer in record.residuals.indices {
                let end = layer <= firstLayer ? length : firstReceiver
                let same = record.residual(layer: layer, before: end) == baseline.residual(layer: layer, before: end)
                #expect(same, "\(fixture), trial \(trial), layer \(layer)")
            }
            #expect(Array(record.logits[..<firstReceiver]) == Array(baseline.logits[..<firstReceiver]))
            changed += record == baseline ? 0 : 1
        }
        #expect(changed > 15, "most of the knockouts act")
    }

    @Test(arguments: ModelFixture.small)
    func aRowThatLosesAnEdgeInTheFirstLayerChangesThere(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let baseline = oracle.forward()
        let knockout = try oracle.resolved(
            .knockout(from: .named("image"), to: .named("last"), layers: .list([0]), heads: .all, .preSoftmax)
        )
        let record = oracle.forward([knockout])
        let hidden = oracle.model.decoder.configuration.hiddenSize
        #expect(record.residuals[0] == baseline.residuals[0])
        #expect(record.residuals[1].suffix(hidden) != baseline.residuals[1].suffix(hidden))
        #expect(record.residuals[1].dropLast(hidden) == baseline.residuals[1].dropLast(hidden))
    }
}
