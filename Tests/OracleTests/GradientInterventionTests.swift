import Generation
import ModelFixtures
import Models
import Probing
import Tensors
import Testing

/// What holds of gradients under interventions with any weights.
@Suite(.serialized) struct GradientInterventionTests {
    /// Oracle 1 for gradients: what selects nothing, or changes nothing, is the baseline.
    @Test(arguments: ModelFixture.small)
    func changingNothingIsTheBaseline(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let baseline = try gradients(test, nil)
        #expect(try gradients(test, ResolvedInterventions()) == baseline)
        for (index, interventions) in test.interventionsWithoutEffect.enumerated() {
            #expect(try gradients(test, interventions) == baseline, "\(fixture), \(index)")
        }
    }

    /// Along its own direction the gradient is the slope of the logit, under random interventions of every kind.
    @Test(arguments: ModelFixture.small + [.embedded])
    func gradientsAreSlopesOfTheLogit(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let gradient = DecoderGradient(test.model.decoder)
        let inputs = test.prompt.embeddings(test.model.decoder)
        let length = inputs.rows
        var plan = test.plan(seed: 515)
        for trial in 0..<(fixture == .embedded ? 4 : 24) {
            let probes = ProbeRun(try await test.next(&plan), shape: test.model.probeShape)
            let target = plan.pick(test.model.decoder.configuration.vocabularySize)
            let found = try gradient(inputs, length: length, target: target, changes: probes)
            let square = found.gradients.values.reduce(0.0) { $0 + Double($1) * Double($1) }
            guard square > 0 else { continue }
            // A step must be far enough for f32 to tell the logits apart, and near enough for them to lie on a line.
            let changes = [1e-3, 4e-3, 1.6e-2]
            let stack = Matrix(rows: 2 * changes.count * length, columns: inputs.columns)
            for (sequence, change) in changes.flatMap({ [$0, -$0] }).enumerated() {
                for row in 0..<length {
                    let moved = zip(inputs.row(row), found.gradients.row(row)).map { $0 + Float(change / square) * $1 }
                    stack.setRow(sequence * length + row, moved)
                }
            }
            let ends = try gradient.logits(stack, length: length, target: target, changes: probes).map(Double.init)
            let slopes = changes.indices.map { (ends[2 * $0] - ends[2 * $0 + 1]) / (2 * changes[$0]) }
            #expect(slopes.contains { abs($0 - 1) <= 2e-2 }, "\(fixture), trial \(trial): \(slopes)")
        }
    }

    /// Nothing comes through a state that is replaced: what stood there, and what was replaced everywhere.
    @Test(arguments: ModelFixture.small)
    func whatIsReplacedOwesNothing(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let layers = test.model.probeShape.layers
        let sites = DecoderSite.all(layers: layers).filter(\.isPatchable)
        let record = try await test.states(sites)
        let plain = try gradients(test, nil)
        let streams = Set((0...layers).flatMap { DecoderSite.residual(before: $0, of: layers) })
        for site in sites {
            // Writing back what the run computed leaves the logit as it is, bit for bit.
            let patched = try gradients(test, ResolvedInterventions(states: [try test.patch(site, record)]))
            #expect(patched.logit == plain.logit, "\(fixture), \(site.name)")
            #expect(patched.gradients != plain.gradients, "\(fixture), \(site.name)")
            if streams.contains(site) { #expect(patched.gradients.allSatisfy { $0 == 0 }, "\(fixture), \(site.name)") }
        }
        let width = test.model.decoder.configuration.hiddenSize
        let ablation = StateEdit.embeddings([3, 7], become: Array(repeating: 0.1, count: width))
        let some = try gradients(test, ResolvedInterventions(states: [ablation])).gradients
        for position in test.prompt.ids.indices {
            let row = some[position * width..<(position + 1) * width]
            #expect(row.allSatisfy { $0 == 0 } == [3, 7].contains(position), "\(fixture), \(position)")
        }
    }

    /// Sequences of one pass are changed alike, each as if it were alone.
    @Test(arguments: ModelFixture.small)
    func sequencesBesideOthersAreChangedAlike(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let inputs = test.prompt.embeddings(test.model.decoder)
        let length = inputs.rows
        let stack = Matrix(rows: 3 * length, columns: inputs.columns)
        for copy in [0, 2] { stack.rows(copy * length..<(copy + 1) * length).copy(from: inputs) }
        for row in 0..<length { stack.setRow(length + row, inputs.row(length - 1 - row)) }
        var plan = test.plan(seed: 616)
        for trial in 0..<8 {
            let changes = ProbeRun(try await test.next(&plan), shape: test.model.probeShape)
            let gradient = DecoderGradient(test.model.decoder)
            let alone = try gradient(inputs, length: length, target: 40, changes: changes)
            let together = try gradient(stack, length: length, target: 40, changes: changes)
            for copy in [0, 2] {
                let rows = copy * length..<(copy + 1) * length
                #expect(together.logits[copy] == alone.logits[0], "\(fixture), trial \(trial)")
                #expect(together.gradients.rows(rows).values == alone.gradients.values, "\(fixture), trial \(trial)")
                #expect(Array(together.relevance[rows]) == alone.relevance, "\(fixture), trial \(trial)")
            }
        }
    }

    private struct Found: Equatable {
        let logit: Float
        let gradients, relevance: [Float]
    }

    private func gradients(_ test: OracleCase, _ interventions: ResolvedInterventions?) throws -> Found {
        let inputs = test.prompt.embeddings(test.model.decoder)
        let found = try DecoderGradient(test.model.decoder)(
            inputs,
            length: inputs.rows,
            target: 40,
            changes: interventions.map { ProbeRun($0, shape: test.model.probeShape) }
        )
        return Found(logit: found.logits[0], gradients: found.gradients.values, relevance: found.relevance)
    }
}
