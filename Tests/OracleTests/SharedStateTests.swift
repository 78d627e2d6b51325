import Generation
import ModelFixtures
import Models
import Probing
import Testing

/// Oracle 11 within a study: a variant that takes positions and layers from its baseline equals its cold run.
@Suite struct SharedStateTests {
    @Test(arguments: ModelFixture.small)
    func variantsThatJoinTheirBaselineEqualTheirColdRuns(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var random = oracle.random(seed: 5)
        for plan in 0..<4 {
            var baseline = oracle.request(maxTokens: plan * 2)
            if plan % 2 == 1 { baseline.interventions = random.interventions(model: oracle.model) }
            let changes = (0..<16).map { index in oracle.changes(&random, index) }
            let variants = try await oracle.variants(of: baseline, changes)
            for (index, variant) in variants.enumerated() {
                var cold = baseline
                cold.interventions = cold.interventions + changes[index]
                expectSame(variant, try await oracle.run(cold), "\(fixture), plan \(plan), variant \(index)")
            }
        }
    }

    @Test(arguments: ModelFixture.small)
    func probesSeeWhatTheyWouldSeeInAColdRun(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var random = oracle.random(seed: 6)
        for plan in 0..<4 {
            var baseline = oracle.request(maxTokens: 2)
            if plan % 2 == 0 { baseline.capture = try oracle.everything() }
            if plan > 1 { baseline.lens = try oracle.lens(positions: 4..<12) }
            let changes = (0..<8).map { index in oracle.changes(&random, index) }
            let variants = try await oracle.variants(of: baseline, changes)
            for (index, variant) in variants.enumerated() {
                var cold = baseline
                cold.interventions = changes[index]
                expectSameProbes(variant, try await oracle.run(cold), "\(fixture), plan \(plan), variant \(index)")
            }
        }
    }

    /// A plan that the baseline did not hear of is slower, not wrong.
    @Test(arguments: ModelFixture.small)
    func aVariantThatWasNotPlannedEqualsItsColdRunToo(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let layers = oracle.model.probeShape.layers
        let baseline = oracle.request(maxTokens: 3)
        let planned = try oracle.preset(.imageToText, layers: .list([layers - 1]))
        let kept = baseline.baseline(of: [ResolvedInterventions(edges: [planned])], layers: layers)
        let record = try #require(try await oracle.run(kept).promptRecord)
        var random = oracle.random(seed: 7)
        for trial in 0..<12 {
            let changes = oracle.changes(&random, trial)
            let variant = try await oracle.run(baseline.variant(changes, of: record, layers: layers))
            var cold = baseline
            cold.interventions = changes
            expectSame(variant, try await oracle.run(cold), "\(fixture), trial \(trial)")
        }
    }

    @Test func onlyWhatDiffersIsComputed() async throws {
        let oracle = try await OracleCase(.grid24)
        let layers = oracle.model.probeShape.layers
        let baseline = oracle.request(maxTokens: 0)
        let generated = ResolvedInterventions(edges: [try oracle.preset(.imageToGenerated)])
        let last = ResolvedInterventions(edges: [
            try oracle.resolved(
                .knockout(from: .named("image"), to: .named("last"), layers: .list([1]), heads: .all, .preSoftmax)
            )
        ])
        let kept = baseline.baseline(of: [generated, last, ResolvedInterventions()], layers: layers)
        let before = oracle.engine.statistics.rows
        let result = try await oracle.run(kept)
        let record = try #require(result.promptRecord)
        #expect(oracle.engine.statistics.rows - before == oracle.prompt.ids.count)
        for (changes, isSame) in [(generated, true), (last, false), (ResolvedInterventions(), true)] {
            let variant = try await oracle.run(baseline.variant(changes, of: record, layers: layers))
            #expect(variant.cachedTokens == oracle.prompt.ids.count - 1)
            #expect((variant.next.logProbabilities == result.next.logProbabilities) == isSame)
        }
        #expect(oracle.engine.statistics.rows - before == oracle.prompt.ids.count + 3)
    }
}

extension OracleCase {
    /// Knockouts, changes of all kinds, now and then nothing.
    fileprivate func changes(_ random: inout RandomKnockouts, _ index: Int) -> ResolvedInterventions {
        switch index % 7 {
        case 6: ResolvedInterventions()
        case 1, 3, 5: random.interventions(model: model)
        default: ResolvedInterventions(edges: random.next())
        }
    }

    /// All variants at once, behind their baseline.
    fileprivate func variants(
        of baseline: GenerationRequest,
        _ changes: [ResolvedInterventions]
    ) async throws -> [GenerationResult] {
        let layers = model.probeShape.layers
        let record = try #require(try await run(baseline.baseline(of: changes, layers: layers)).promptRecord)
        let requests = changes.map { baseline.variant($0, of: record, layers: layers) }
        let results = await withTaskGroup(of: (Int, GenerationResult?).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, await engine.result(of: request)) }
            }
            return await group.reduce(into: [Int: GenerationResult]()) { $0[$1.0] = $1.1 }
        }
        return try requests.indices.map { try #require(results[$0]) }
    }
}
