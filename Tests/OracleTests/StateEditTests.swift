import Generation
import JSON
import ModelFixtures
import Models
import Probing
import Tensors
import Testing

/// What changes of states must do with any weights.
@Suite struct StateEditTests {
    /// Oracle 3 for every kind: positions before the first affected one and layers before the first affected one are as
    /// they were, and most changes change something.
    @Test(arguments: ModelFixture.small)
    func whatComesBeforeIsUntouched(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let answer = [5, 9]
        let baseline = oracle.forward(answer: answer)
        var random = oracle.random(seed: 33)
        var changed = 0
        for trial in 0..<40 {
            let interventions = random.interventions(model: oracle.model)
            let record = oracle.forward(interventions, answer: answer)
            let position = interventions.firstAffectedPosition ?? .max
            let layer = interventions.firstAffectedLayer ?? .max
            for state in record.residuals.indices {
                // The state before block k belongs to that block: it changes if something acts on what enters it.
                let end = state < layer ? baseline.logits.count : min(position, baseline.logits.count)
                let same = record.residual(layer: state, before: end) == baseline.residual(layer: state, before: end)
                #expect(same, "\(fixture), trial \(trial), state \(state), first \(position) in \(layer)")
            }
            let before = min(position, baseline.logits.count)
            #expect(record.logits.prefix(before) == baseline.logits.prefix(before))
            changed += record == baseline ? 0 : 1
        }
        #expect(changed > 20, "most of them act: \(changed)")
    }

    /// Oracle 11 for every kind: on the baseline's prefix, in pieces, and beside others the bits are the same.
    @Test(arguments: ModelFixture.small)
    func howTheWorkIsCutChangesNoBit(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var plain = oracle.request()
        plain.keepsPromptCache = true
        let cache = try #require(try await oracle.run(plain).promptCache)
        var random = oracle.random(seed: 44)
        var requests: [GenerationRequest] = []
        var alone: [GenerationResult] = []
        for trial in 0..<20 {
            let interventions = random.interventions(model: oracle.model)
            let whole = oracle.forward(interventions, answer: [4])
            #expect(oracle.forward(interventions, answer: [4], chunk: 7) == whole, "\(fixture), trial \(trial)")
            var request = oracle.request()
            request.interventions = interventions
            requests.append(request)
            let cold = try await oracle.run(request)
            alone.append(cold)
            let length = oracle.prompt.layout.length
            request.sharedPrefix = cache.prefix(min(interventions.firstAffectedPosition ?? length, length - 1))
            expectSame(try await oracle.run(request), cold, "\(fixture), trial \(trial), warm")
        }
        for (index, result) in try await oracle.runTogether(requests).enumerated() {
            expectSame(result, alone[index], "\(fixture), variant \(index)")
        }
    }

    /// Oracle 1 for every kind: what selects nothing, or changes nothing, is the baseline.
    @Test(arguments: ModelFixture.small)
    func changingNothingIsTheBaseline(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let baseline = oracle.forward(answer: [3, 4])
        for (index, interventions) in oracle.interventionsWithoutEffect.enumerated() {
            #expect(oracle.forward(interventions, answer: [3, 4]) == baseline, "\(fixture), \(index)")
        }
    }

    /// Writing back what a run itself computed is the identity, at every site that can be written.
    @Test(arguments: ModelFixture.small)
    func patchingARunWithItselfIsTheIdentity(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let sites = DecoderSite.all(layers: oracle.model.probeShape.layers)
        let record = try await oracle.states(sites)
        let baseline = try await oracle.run(oracle.request())
        for site in sites where site.isPatchable {
            var request = oracle.request()
            request.interventions.states = [try oracle.patch(site, record)]
            expectSame(try await oracle.run(request), baseline, "\(fixture), \(site.name)")
        }
        var request = oracle.request()
        request.interventions.states = try sites.filter(\.isPatchable).map { try oracle.patch($0, record) }
        expectSame(try await oracle.run(request), baseline, "\(fixture), all at once")
    }

    /// All states of a layer determine what follows: writing another prompt's gives that prompt's distribution.
    @Test(arguments: ModelFixture.small)
    func patchingEverythingFromAnotherPromptReproducesIt(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let other = try await oracle.model.prompt("Is there a red car?", pictures: ["tower.jpg"])
        #expect(other.ids.count == oracle.prompt.ids.count)
        let theirs = try await oracle.run(oracle.request(other, maxTokens: 0))
        let mine = try await oracle.run(oracle.request(maxTokens: 0))
        #expect(theirs.next.logProbabilities != mine.next.logProbabilities)
        let layers = oracle.model.probeShape.layers
        let places = (0..<layers).flatMap { [DecoderSite.block($0, .residualPre), .block($0, .residualPost)] }
        let sites = [.embedding] + places
        let record = try await oracle.states(sites, of: other)
        for site in sites {
            var request = oracle.request(maxTokens: 0)
            request.interventions.states = [try oracle.patch(site, record)]
            let result = try await oracle.run(request)
            #expect(result.next.logProbabilities == theirs.next.logProbabilities, "\(fixture), \(site.name)")
        }
    }

    /// A removed head hands out zeros, the others what they did; removing all of them removes attention.
    @Test(arguments: ModelFixture.small)
    func anAblatedHeadHandsOutZeros(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let configuration = oracle.model.decoder.configuration
        let site = DecoderSite.block(0, .context)
        let before = try #require(try await oracle.states([site]).rows[site])
        for head in 0..<configuration.heads {
            let interventions = try oracle.resolved([
                "kind": "head_ablation", "layers": [0], "heads": [.integer(head)],
            ])
            let after = try #require(try await oracle.states([site], interventions).rows[site])
            let columns = head * configuration.headDim..<(head + 1) * configuration.headDim
            for (row, old) in zip(after, before) {
                #expect(row[columns].allSatisfy { $0 == 0 })
                #expect(row[..<columns.lowerBound] == old[..<columns.lowerBound])
                #expect(row[columns.upperBound...] == old[columns.upperBound...])
            }
        }
        let all = try oracle.resolved(["kind": "head_ablation", "heads": "all"])
        let outputs = (0..<configuration.layers).map { DecoderSite.block($0, .context) }
        let record = try await oracle.states(outputs, all)
        #expect(outputs.allSatisfy { site in record.rows[site]?.joined().allSatisfy { $0 == 0 } == true })
    }

    /// With weight 1 the lens reads exactly nothing along the direction, and rows that pointed away stay as they are.
    @Test(arguments: ModelFixture.small, [true, false])
    func aRemovedDirectionIsGone(fixture: ModelFixture, onlyPositive: Bool) async throws {
        let oracle = try await OracleCase(fixture)
        let site = DecoderSite.block(1, .residualPre)
        let interventions = try oracle.resolved([
            "kind": "project_away", "tokens": "image", "direction": ["token": 7], "layers": [1],
            "only_positive": .bool(onlyPositive),
        ])
        let direction = oracle.model.decoder.readingDirection(of: 7)
        func along(_ row: [Float]) -> Double {
            zip(row, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let before = try #require(try await oracle.states([site]).rows[site])
        let after = try #require(try await oracle.states([site], interventions).rows[site])
        var removed = 0
        for position in before.indices {
            let isActive = oracle.image.contains(position) && (along(before[position]) > 0 || !onlyPositive)
            if isActive {
                removed += 1
                #expect(abs(along(after[position])) < 1e-4 * max(1, abs(along(before[position]))))
            } else {
                #expect(after[position] == before[position])
            }
        }
        #expect(removed > 0)
        if onlyPositive { #expect(removed < oracle.image.count, "some point away") }
    }

    /// A factor of 0 is a knockout, and a factor scales the odds of its edges against the rest.
    @Test(arguments: ModelFixture.small)
    func scalingMultipliesUnnormalisedWeights(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        for mode in KnockoutMode.allCases {
            let edges: [String: JSONValue] = [
                "from": "image", "to": "last", "layers": [0], "mode": .string(mode.rawValue),
            ]
            func form(_ kind: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
                .object(edges.merging(more) { _, new in new }.merging(["kind": .string(kind)]) { _, new in new })
            }
            let cut = try oracle.resolved(form("attention_knockout"))
            #expect(try oracle.resolved(form("attention_scale", ["factor": 0])) == cut)

            let site = DecoderSite.block(0, .pattern)
            let scaled = try oracle.resolved(form("attention_scale", ["factor": 3]))
            let before = try #require(try await oracle.states([site]).rows[site]?.last)
            let after = try #require(try await oracle.states([site], scaled).rows[site]?.last)
            let keys = oracle.prompt.layout.length
            for head in 0..<oracle.model.probeShape.heads {
                let old = before[head * keys..<(head + 1) * keys].map(Double.init)
                let new = after[head * keys..<(head + 1) * keys].map(Double.init)
                let weights = old.indices.map { old[$0] * (oracle.image.contains($0) ? 3 : 1) }
                let sum = mode == .preSoftmax ? weights.reduce(0, +) : 1
                for key in 0..<keys { #expect(abs(new[key] - weights[key] / sum) < 1e-6) }
            }
        }
    }

    /// Noise is the same for the same seed, another for another, and has the spread of what it replaces.
    @Test(arguments: ModelFixture.small)
    func noiseHasASeedAndTheSpreadOfWhatItReplaces(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        func rows(_ seed: Int) throws -> [[Float]] {
            let ablation: JSONValue = [
                "kind": "token_ablation", "tokens": "image", "replace": "noise", "seed": .integer(seed),
            ]
            guard case .rows(let rows) = try oracle.resolved(ablation).states[0].change else { return [] }
            return oracle.image.compactMap { rows[$0] }
        }
        #expect(try rows(1) == rows(1))
        #expect(try rows(1) != rows(2))
        #expect(Set(try rows(1).map(\.description)).count == oracle.image.count, "each position has its own")
        func spread(_ numbers: [Float]) -> (mean: Double, deviation: Double) {
            let mean = numbers.reduce(0.0) { $0 + Double($1) } / Double(numbers.count)
            let squares = numbers.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
            return (mean, (squares / Double(numbers.count)).squareRoot())
        }
        let real = spread(oracle.prompt.images.flatMap(\.values))
        let noise = spread(try (0..<8).flatMap { try rows($0).flatMap { $0 } })
        #expect(abs(noise.deviation / real.deviation - 1) < 0.1)
        #expect(abs(noise.mean - real.mean) < 0.1 * real.deviation)
    }

    /// Oracle 8: with every image token's input replaced, in the embeddings or in block 0, the pixels do not matter.
    @Test(arguments: ModelFixture.small)
    func tokensZeroedWithinTheDecoderHideThePixels(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let other = try await oracle.model.prompt("Is there a red car?", pictures: ["tower.jpg"])
        var request = oracle.request()
        request.interventions = try oracle.resolved([
            "kind": "token_ablation", "tokens": "image", "replace": "zero", "site": ["layer": 0],
        ])
        let first = try await oracle.run(request)
        request.prompt = other
        expectSame(first, try await oracle.run(request), "\(fixture)")
        // In a later block the pixels have already been read by the words.
        request.interventions = try oracle.resolved([
            "kind": "token_ablation", "tokens": "image", "replace": "zero", "site": ["layer": 1],
        ])
        let late = try await oracle.run(request)
        request.prompt = oracle.prompt
        #expect(try await oracle.run(request).next.logProbabilities != late.next.logProbabilities)
    }
}
