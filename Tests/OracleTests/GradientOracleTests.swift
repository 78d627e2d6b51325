import Generation
import ModelFixtures
import Models
import Probing
import Tensors
import Testing

/// Oracle 9 and what else holds of gradients with any weights.
@Suite(.serialized) struct GradientOracleTests {
    /// From the mean of the picture's embeddings: from zero, where an RMSNorm has its singularity, no number of equal
    /// steps is enough.
    @Test(arguments: ModelFixture.small, [AttributionRequest.Rule.midpoint, .trapezoid])
    func integratedGradientsAddUpToTheChangeOfTheLogit(
        fixture: ModelFixture,
        rule: AttributionRequest.Rule
    ) async throws {
        let test = try await OracleCase(fixture)
        let attributor = Attributor(model: test.model)
        let embeddings = test.prompt.images[0]
        let mean = (0..<embeddings.columns).map { column in
            (0..<embeddings.rows).reduce(Float(0)) { $0 + embeddings[$1, column] } / Float(embeddings.rows)
        }
        var errors: [Double] = []
        for steps in [2, 40] {
            var request = AttributionRequest()
            (request.rule, request.steps) = (rule, steps)
            let found = try await attributor.attribution(request, of: test.prompt, target: 100, baseline: mean)
            let completeness = try #require(found.completeness)
            errors.append(completeness.error)
            let signed = try #require(found.signed)
            #expect(abs(signed.reduce(0.0) { $0 + Double($1) } - completeness.sum) <= 1e-4)
            #expect(zip(signed, found.absolute).allSatisfy { abs($0) <= $1 * 1.0001 + 1e-7 })
            #expect(steps == 2 || completeness.error <= 1e-4 + 1e-3 * abs(completeness.difference), "\(completeness)")
        }
        #expect(errors[1] < errors[0] || errors[1] < 1e-5, "\(errors)")
    }

    /// The same for any token and under interventions of any kind, on the shipped model too.
    @Test(arguments: ModelFixture.small + [.embedded])
    func completenessHoldsForAnyTargetUnderAnyInterventions(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let attributor = Attributor(model: test.model)
        let embeddings = test.prompt.images[0]
        let mean = (0..<embeddings.columns).map { column in
            (0..<embeddings.rows).reduce(Float(0)) { $0 + embeddings[$1, column] } / Float(embeddings.rows)
        }
        var plan = test.plan(seed: 909)
        for trial in 0..<(fixture == .embedded ? 2 : 8) {
            let interventions = try await test.next(&plan)
            let target = plan.pick(test.model.decoder.configuration.vocabularySize)
            var request = AttributionRequest()
            request.steps = 40
            let found = try await attributor.attribution(
                request,
                of: test.prompt,
                target: target,
                interventions: interventions,
                baseline: mean
            )
            let run = try await test.run(test.request(interventions, maxTokens: 0))
            #expect(abs(Double(found.logit) - run.next.logit(target)) <= 1e-3, "\(fixture), trial \(trial)")
            let sum = try #require(found.completeness)
            // What has learnt something bends more between the two ends than random weights do.
            let share = fixture == .embedded ? 3e-2 : 1e-2
            #expect(sum.error <= 1e-3 + share * abs(sum.difference), "\(fixture), trial \(trial): \(sum)")
        }
    }

    @Test(arguments: ModelFixture.allCases)
    func theExplainedLogitIsThatOfGeneration(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let next = try await test.run(test.request(maxTokens: 0)).next
        let gradient = DecoderGradient(test.model.decoder)
        let inputs = test.prompt.embeddings(test.model.decoder)
        let logits = try [20, 90].map { try gradient.logits(inputs, length: inputs.rows, target: $0)[0] }
        let expected = next[20].logProbability - next[90].logProbability
        #expect(abs(Double(logits[0] - logits[1]) - expected) <= 1e-4)
    }

    @Test(arguments: ModelFixture.small)
    func sequencesAndThreadsChangeNoBit(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let one = try passes(test.prompt, model: try fixture.model(threads: 1))
        let three = try passes(test.prompt, model: try fixture.model(threads: 3))
        #expect(one == three)
        #expect(one[0] == one[1] && one[0] == one[2])
    }

    /// Whatever format the resident weights have, gradients are those of the stored ones.
    @Test func gradientsAreThoseOfTheStoredWeights() async throws {
        let test = try await OracleCase(.gqaPad)
        var options = ModelOptions()
        options.format = .bf16
        let half = try VisionLanguageModel.load(ModelFixture.gqaPad.directory, options: options)
        #expect(try passes(test.prompt, model: half, decoder: test.model) == passes(test.prompt, model: test.model))
    }

    /// What cannot be seen has no part in the answer.
    @Test(arguments: ModelFixture.small)
    func aBlindPromptOwesNothingToItsPicture(fixture: ModelFixture) async throws {
        let test = try await OracleCase(fixture)
        let blind = ResolvedInterventions(edges: [try test.preset(.imageToTextAndGenerated)])
        let attributor = Attributor(model: test.model)
        for method in AttributionRequest.Method.allCases {
            var request = AttributionRequest()
            (request.method, request.baseline, request.steps) = (method, .zero, 3)
            let found = try await attributor.attribution(
                request,
                of: test.prompt,
                target: 50,
                interventions: blind
            )
            #expect(found.absolute.allSatisfy { $0 == 0 }, "\(method)")
            let seeing = try await attributor.attribution(request, of: test.prompt, target: 50)
            #expect(seeing.absolute.contains { $0 > 0 }, "\(method)")
        }
    }

    @Test func missingBaselinesAndTooLittleMemoryAreRefused() async throws {
        let test = try await OracleCase(.mhaCrop)
        let attributor = Attributor(model: test.model)
        var request = AttributionRequest()
        let mean = await #expect(throws: ProbeError.self) {
            try await attributor.attribution(request, of: test.prompt, target: 1)
        }
        #expect(mean?.parameter == "gradients.baseline" && mean?.message.contains("fovea mean-embedding") == true)
        request.baseline = .zero
        let narrow = Attributor(model: test.model, memory: 1000)
        await #expect(throws: MemoryError.self) {
            try await narrow.attribution(request, of: test.prompt, target: 1)
        }
    }

    /// Gradient, logit and relevance of a prompt alone, and of its two copies beside another sequence.
    private func passes(
        _ prompt: PreparedPrompt,
        model: VisionLanguageModel,
        decoder: VisionLanguageModel? = nil
    ) throws -> [[Float]] {
        let inputs = prompt.embeddings((decoder ?? model).decoder)
        let length = inputs.rows
        let stack = Matrix(rows: 3 * length, columns: inputs.columns)
        for copy in [0, 2] { stack.rows(copy * length..<(copy + 1) * length).copy(from: inputs) }
        for row in 0..<length { stack.setRow(length + row, inputs.row(length - 1 - row)) }
        let gradient = DecoderGradient(model.decoder)
        let alone = try gradient(inputs, length: length, target: 40)
        let together = try gradient(stack, length: length, target: 40)
        let copies = [0, 2].map { copy in
            let rows = copy * length..<(copy + 1) * length
            return [together.logits[copy]] + together.gradients.rows(rows).values + together.relevance[rows]
        }
        return [alone.logits + alone.gradients.values + alone.relevance] + copies
    }
}
