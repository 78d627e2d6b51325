import Generation
import JSON
import ModelFixtures
import Models
import Probing
import Tensors
import Testing

/// The exact oracles over random plans: every kind of intervention with every form of selectors, as requests write them,
/// on every class of model and on the shipped one.
@Suite(.serialized) struct RandomPlanTests {
    /// Tiny models take many plans, the larger ones some.
    static let cases: [(ModelFixture, Int)] = [
        (.mhaCrop, 60), (.gqaPad, 60), (.features, 60), (.grid24, 4), (.embedded, 12),
    ]

    /// Oracle 1: a plan and whatever selects or changes nothing are the plan, bit for bit.
    @Test(arguments: cases)
    func addingNothingChangesNothing(fixture: ModelFixture, trials: Int) async throws {
        let oracle = try await OracleCase(fixture)
        var plan = oracle.plan(seed: 101)
        for trial in 0..<trials {
            let maxTokens = plan.pick(4)
            let interventions = try await oracle.next(&plan)
            let with = try await oracle.run(oracle.request(interventions + nothing(oracle), maxTokens: maxTokens))
            let without = try await oracle.run(oracle.request(interventions, maxTokens: maxTokens))
            expectSame(with, without, "\(fixture), trial \(trial)")
        }
        let baseline = try await oracle.run(oracle.request(maxTokens: 3))
        expectSame(try await oracle.run(oracle.request(nothing(oracle), maxTokens: 3)), baseline, "\(fixture)")
    }

    /// Oracles 2 and 10: what is cut has no mass and what is not has all of it, in prefill and decode.
    @Test(arguments: cases)
    func cutEdgesHaveNoMassAndTheRestHasAll(fixture: ModelFixture, trials: Int) async throws {
        let oracle = try await OracleCase(fixture)
        var plan = oracle.plan(seed: 202)
        var cut = 0
        for trial in 0..<trials {
            var request = oracle.request(try await oracle.next(&plan), maxTokens: 1 + plan.pick(4))
            let plain = try await oracle.run(request)
            request.capture = try oracle.everything()
            let result = try await oracle.run(request)
            expectSame(result, plain, "\(fixture), trial \(trial), capture")
            for row in result.attention.values {
                let edges = request.interventions.edges
                cut += check(row, edges, "\(fixture), trial \(trial), row \(row.position)")
            }
        }
        #expect(cut > 0, "some plan cuts something")
    }

    /// Oracle 3: positions and layers before the first change are as they were, bit for bit.
    @Test(arguments: cases)
    func whatComesBeforeIsUntouched(fixture: ModelFixture, trials: Int) async throws {
        let oracle = try await OracleCase(fixture)
        let answer = [5, 9, 7]
        let baseline = oracle.forward(answer: answer)
        let length = baseline.logits.count
        var plan = oracle.plan(seed: 303)
        var changed = 0
        for trial in 0..<trials {
            let interventions = try await oracle.next(&plan)
            let record = oracle.forward(interventions, answer: answer)
            let position = min(interventions.firstAffectedPosition ?? length, length)
            let layer = interventions.firstAffectedLayer ?? .max
            for state in record.residuals.indices {
                let end = state < layer ? length : position
                let same = record.residual(layer: state, before: end) == baseline.residual(layer: state, before: end)
                #expect(same, "\(fixture), trial \(trial), state \(state), first \(position) in \(layer)")
            }
            #expect(record.logits.prefix(position) == baseline.logits.prefix(position), "\(fixture), trial \(trial)")
            changed += record == baseline ? 0 : 1
        }
        #expect(changed * 2 > trials, "most plans act: \(changed) of \(trials)")
    }

    /// Oracles 4 and 5 beside any other plan: without edges from the picture nothing depends on its pixels; img->txt
    /// does so for the first token, and img->gen leaves that token as it was.
    @Test(arguments: cases)
    func whatCannotSeeThePictureDoesNotDependOnIt(fixture: ModelFixture, trials: Int) async throws {
        let oracle = try await OracleCase(fixture)
        let other = try await oracle.model.prompt("Is there a red car?", pictures: ["tower.jpg"])
        #expect(oracle.prompt.ids == other.ids)
        var plan = oracle.plan(seed: 404)
        for trial in 0..<trials {
            // The same numbers for both pictures: what a plan writes may itself come from the first one.
            let beside = try await oracle.next(&plan)
            func run(_ preset: KnockoutPreset?, _ prompt: PreparedPrompt) async throws -> GenerationResult {
                let edges = try preset.map { [try oracle.preset($0)] } ?? []
                let interventions = beside + ResolvedInterventions(edges: edges)
                return try await oracle.run(oracle.request(interventions, of: prompt, maxTokens: 4))
            }
            let comment = "\(fixture), trial \(trial)"
            let blind = try await run(.imageToTextAndGenerated, oracle.prompt)
            expectSame(blind, try await run(.imageToTextAndGenerated, other), comment)
            let first = try await run(.imageToText, oracle.prompt)
            let second = try await run(.imageToText, other)
            #expect(first.next.logProbabilities == second.next.logProbabilities, "\(comment)")
            let seeing = try await run(nil, oracle.prompt)
            let cut = try await run(.imageToGenerated, oracle.prompt)
            #expect(seeing.next.logProbabilities == cut.next.logProbabilities, "\(comment)")
        }
    }

    /// Oracle 8 beside any change of edges: with every image token replaced the pixels do not matter.
    @Test(arguments: cases)
    func replacedImageTokensHideThePixels(fixture: ModelFixture, trials: Int) async throws {
        let oracle = try await OracleCase(fixture)
        let other = try await oracle.model.prompt("Is there a red car?", pictures: ["tower.jpg"])
        var plan = oracle.plan(seed: 808)
        for trial in 0..<trials {
            let mean = oracle.model.meanEmbedding != nil && trial % 2 == 0
            let form: JSONValue = [
                ["kind": "token_ablation", "tokens": "image", "replace": mean ? "mean" : "zero"]
            ]
            let edges = try await oracle.next(&plan, of: ["attention_knockout", "attention_scale", "head_ablation"])
            let interventions = edges + (try await oracle.engine.resolve(form, on: oracle.prompt))
            expectSame(
                try await oracle.run(oracle.request(interventions, maxTokens: 3)),
                try await oracle.run(oracle.request(interventions, of: other, maxTokens: 3)),
                "\(fixture), trial \(trial)"
            )
        }
    }

    /// Oracle 7 under any plan: at the last layer and position the lens reads the model's own distribution.
    @Test(arguments: cases)
    func theLensAtTheLastLayerIsTheDistribution(fixture: ModelFixture, trials: Int) async throws {
        let oracle = try await OracleCase(fixture)
        var plan = oracle.plan(seed: 707)
        for trial in 0..<trials {
            var request = oracle.request(try await oracle.next(&plan), maxTokens: plan.pick(3))
            let fields: JSONValue = [
                "positions": ["union": [[.integer(plan.pick(oracle.prompt.ids.count))], "last"]], "top_k": 9,
            ]
            request.lens = try LensCapture(
                LensRequest(ProbeField(fields, path: "lens")),
                layout: oracle.prompt.layout,
                decoder: oracle.model.decoder,
                candidates: nil,
                target: 11
            )
            let result = try await oracle.run(request)
            let lens = try #require(result.lens)
            #expect(lens.top.last?.last == result.next.top(9), "\(fixture), trial \(trial)")
            #expect(lens.targetProbability.last?.last == result.next[11].probability, "\(fixture), trial \(trial)")
        }
    }

    /// Oracle 11: a plan's run is the same from its baseline's states, in pieces, and beside others.
    @Test(arguments: cases)
    func howTheWorkIsCutChangesNoBit(fixture: ModelFixture, trials: Int) async throws {
        let oracle = try await OracleCase(fixture)
        let layers = oracle.model.probeShape.layers
        var plan = oracle.plan(seed: 111)
        var changes: [ResolvedInterventions] = []
        for _ in 0..<trials { changes.append(try await oracle.next(&plan)) }
        let baseline = oracle.request(changes.removeLast(), maxTokens: 1 + plan.pick(4))
        let kept = baseline.baseline(of: changes, layers: layers)
        let record = try #require(try await oracle.run(kept).promptRecord)
        let joined = try await oracle.runTogether(
            changes.map { baseline.variant($0, of: record, layers: layers) }
        )
        for (trial, variant) in joined.enumerated() {
            var cold = baseline
            cold.interventions = baseline.interventions + changes[trial]
            expectSame(variant, try await oracle.run(cold), "\(fixture), trial \(trial)")
            let pieces = 1 + plan.pick(40)
            let whole = oracle.forward(cold.interventions, answer: [4])
            #expect(oracle.forward(cold.interventions, answer: [4], chunk: pieces) == whole, "\(fixture), \(pieces)")
        }
    }

    /// Oracle 11 across requests: what a warm engine takes from earlier runs is what a cold one computes.
    @Test(arguments: cases)
    func aWarmEngineEqualsAColdOne(fixture: ModelFixture, trials: Int) async throws {
        let oracle = try await OracleCase(fixture)
        let warm = InferenceEngine(model: oracle.model, prefixBytes: 1 << 28)
        var plan = oracle.plan(seed: 1111)
        var reused = 0
        for trial in 0..<trials {
            var request = oracle.request(ResolvedInterventions(), maxTokens: plan.pick(5))
            if trial % 3 > 0 { request.interventions = try await oracle.next(&plan) }
            if plan.pick(4) == 0 { request.lens = try oracle.lens(positions: 1..<2 + plan.pick(9)) }
            if plan.pick(4) == 0 { request.capture = try oracle.everything() }
            let result = try #require(await warm.result(of: request))
            expectSameProbes(result, try await oracle.run(request), "\(fixture), trial \(trial)")
            reused += result.cachedTokens > 0 ? 1 : 0
        }
        #expect(reused > 0, "some of the runs start from others")
    }

    // MARK: - Private

    /// Interventions of every kind of edge and state that select nothing or change nothing.
    private func nothing(_ oracle: OracleCase) -> ResolvedInterventions {
        let (length, shape) = (oracle.prompt.ids.count, oracle.model.probeShape)
        let everyone = PositionSet(length: length, positions: 0..<length, generated: true)
        let nobody = PositionSet(length: length)
        let (layers, heads) = (Array(0..<shape.layers), Array(0..<shape.heads))
        func edges(_ layers: [Int], _ to: PositionSet, _ from: PositionSet, _ heads: [Int], _ factor: Float) -> EdgeEdit
        {
            EdgeEdit(layers: layers, receivers: to, sources: from, heads: heads, mode: .preSoftmax, factor: factor)
        }
        return ResolvedInterventions(
            edges: [
                edges(layers, nobody, everyone, heads, 0), edges(layers, everyone, nobody, heads, 0),
                edges(layers, everyone, everyone, [], 0), edges([], everyone, everyone, heads, 0),
                edges(layers, everyone, everyone, heads, 1),
            ],
            states: [
                StateEdit(site: .block(0, .residualPre), positions: nobody, change: .fill([0])),
                StateEdit(site: .block(0, .context), positions: everyone, change: .zero([])),
            ]
        )
    }

    /// Holds a row's masses against the edges that are cut, and returns how many are.
    private func check(_ row: AttentionRow, _ edits: [EdgeEdit], _ comment: String) -> Int {
        var cut = 0
        for (layer, recorded) in row.layers.enumerated() {
            let acting = edits.filter { $0.layers.contains(layer) && $0.receivers.contains(row.position) }
            var expected = 0.0
            for (head, masses) in recorded.maps.enumerated() {
                let onHead = acting.filter { $0.heads.contains(head) }
                let sources = onHead.filter { $0.factor == 0 }.map(\.sources)
                let blocked =
                    sources.isEmpty ? [] : masses.indices.filter { key in sources.contains { $0.contains(key) } }
                let leaked = blocked.count { masses[$0] != 0 }
                #expect(leaked == 0, "\(comment), layer \(layer), head \(head)")
                cut += blocked.count
                let sum = masses.reduce(0) { $0 + Double($1) }
                if onHead.allSatisfy({ $0.mode == .preSoftmax }) {
                    #expect(abs(sum - (blocked.count == masses.count ? 0 : 1)) < 1e-5, "\(comment), layer \(layer)")
                }
                expected += sum / Double(recorded.maps.count)
            }
            let fractions = recorded.fractions.values.reduce(0) { $0 + Double($1) }
            #expect(abs(fractions - expected) < 1e-5, "\(comment), layer \(layer), fractions")
        }
        return cut
    }
}
