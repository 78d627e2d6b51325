import ModelFixtures
import Models
import Probing
import Testing

@testable import Generation

@Suite struct CostModelTests {
    @Test func averagesStartAtTheFirstMeasurementAndFollow() {
        let meter = RateMeter()
        #expect(meter.rates == RateMeter.Rates())
        meter.recordStep(rows: 64, operations: 1000, seconds: 2)
        #expect(meter.rates.operationsPerSecond == 500)
        #expect(meter.rates.decodeStepSeconds == nil)
        meter.recordStep(rows: 1, operations: 1, seconds: 0.25)
        meter.recordStep(rows: 16, operations: 1, seconds: 9)
        #expect(meter.rates.decodeStepSeconds == 0.25)
        #expect(meter.rates.operationsPerSecond == 500)
        meter.recordStep(rows: 64, operations: 1000, seconds: 1)
        #expect(meter.rates.operationsPerSecond == 550)
        meter.recordPicture(tokens: 10, seconds: 5)
        #expect(meter.rates.pictureTokenSeconds == 0.5)
        meter.recordStep(rows: 64, operations: 1, seconds: 0)
        #expect(meter.rates.operationsPerSecond == 550)
    }

    @Test func operationsOfPartsAddUp() throws {
        let model = try ModelFixture.mhaCrop.model()
        let costs = CostModel(model: model, cacheBudget: 1 << 20)
        let whole = costs.operations(positions: 0..<100)
        #expect(abs(whole - costs.operations(positions: 0..<37) - costs.operations(positions: 37..<100)) < 1e-6 * whole)
        #expect(costs.operations(positions: 5..<5) == 0)
    }

    @Test func moreWorkCostsMore() throws {
        let model = try ModelFixture.mhaCrop.model()
        let costs = CostModel(model: model, cacheBudget: 1 << 30)
        var rates = RateMeter.Rates()
        rates.operationsPerSecond = 1e9
        rates.decodeStepSeconds = 0.01
        func estimate(_ change: (inout CostPlan) -> Void = { _ in }) -> CostEstimate {
            let run = CostPlan.Run(promptLength: 60, maxTokens: 11)
            var plan = CostPlan(pictureTokens: 16, baseline: run, variants: [run])
            change(&plan)
            return costs.estimate(plan, rates: rates)
        }
        let plain = estimate()
        #expect(plain.seconds > 0.2 && plain.seconds < 0.5)
        #expect(estimate { $0.variants[0].sharedRows = 59 }.seconds < plain.seconds)
        #expect(estimate { $0.variants[0].layerShare = 0.5 }.seconds < plain.seconds)
        #expect(estimate { $0.variants += $0.variants }.seconds > plain.seconds)
        #expect(estimate { $0.variants += $0.variants }.peakBytes > plain.peakBytes)
        #expect(estimate { $0.variants += $0.variants }.cacheBytes == plain.cacheBytes)
        #expect(estimate { $0.baseline.maxTokens = 200 }.cacheBytes > plain.cacheBytes)
        #expect(estimate { $0.baseline.recordedNumbers = 1000 }.peakBytes == plain.peakBytes + 4000)
        #expect(estimate { $0.baseline.maxTokens = 0 }.seconds < plain.seconds)
        let alone = estimate { $0.variants = [] }
        let prepared = estimate { ($0.variants, $0.preparations) = ([], $0.variants) }
        #expect(prepared.seconds > alone.seconds && prepared.cacheBytes == alone.cacheBytes)
        #expect(
            estimate { $0.preparations = [CostPlan.Run(promptLength: 600, maxTokens: 0)] }.cacheBytes > plain.cacheBytes
        )
        #expect(estimate { $0.otherSeconds = 3 }.seconds == plain.seconds + 3)
        let (spelled, encoded) = (estimate { $0.answer.spelled = 1 << 20 }, estimate { $0.answer.encoded = 1 << 20 })
        #expect(spelled.seconds > encoded.seconds && encoded.seconds > plain.seconds)
        #expect(spelled.peakBytes > encoded.peakBytes && encoded.peakBytes > plain.peakBytes)
        #expect(spelled.cacheBytes == plain.cacheBytes)
    }

    @Test func aPlanWithoutAFirstRunHasNone() throws {
        let run = CostPlan.Run(promptLength: 0, maxTokens: 0)
        #expect(CostPlan(pictureTokens: 9, baseline: run).runs.isEmpty)
        let other = CostPlan.Run(promptLength: 5, maxTokens: 3)
        var plan = CostPlan(pictureTokens: 9, baseline: other, variants: [other])
        plan.preparations = [other]
        #expect(plan.runs.count == 3 && plan.rows == 21)
    }

    @Test func gradientsCostByStepAndLength() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let costs = CostModel(model: model, cacheBudget: 1 << 30)
        let attributor = Attributor(model: model, memory: 1 << 30)
        func plan(_ steps: Int, _ length: Int) throws -> CostPlan.Gradients {
            var request = AttributionRequest()
            request.steps = steps
            return try attributor.plan(request, length: length)
        }
        #expect(try plan(50, 20).rows == 52 * 20)
        #expect(try costs.operations(plan(50, 200)) > 4 * costs.operations(plan(10, 200)))
        #expect(try costs.operations(plan(10, 40)) > costs.operations(plan(10, 20)))
        #expect(try plan(50, 20).peakBytes > plan(1, 20).peakBytes)
        #expect(throws: MemoryError.self) { try plan(1, 20).check(budget: 1000) }
        // Going there and back takes at least three times as much as going there.
        var request = AttributionRequest()
        request.method = .gradient
        let one = try attributor.plan(request, length: 20)
        #expect(costs.operations(one) > 3 * costs.operations(positions: 0..<20))
    }

    @Test func measuredGradientsSetTheirOwnRate() throws {
        let model = try ModelFixture.mhaCrop.model()
        let costs = CostModel(model: model, cacheBudget: 1 << 30)
        let meter = RateMeter()
        let gradients = try Attributor(model: model).plan(AttributionRequest(), length: 20)
        meter.recordGradients(operations: costs.operations(gradients), seconds: 7)
        meter.recordStep(rows: 64, operations: 1e15, seconds: 1)
        var plan = CostPlan(pictureTokens: 0, baseline: .init(promptLength: 20, maxTokens: 0))
        plan.gradients = gradients
        #expect(abs(costs.estimate(plan, rates: meter.rates).seconds - 7) < 0.01)
    }

    /// Steps of decoding overlap: ten variants take the steps of one.
    @Test func variantsDecodeInTheSameSteps() throws {
        let model = try ModelFixture.mhaCrop.model()
        let costs = CostModel(model: model, cacheBudget: 1 << 30)
        var rates = RateMeter.Rates()
        rates.operationsPerSecond = 1e15
        rates.decodeStepSeconds = 1
        let run = CostPlan.Run(promptLength: 60, maxTokens: 11)
        let plan = CostPlan(pictureTokens: 0, baseline: run, variants: Array(repeating: run, count: 10))
        #expect(abs(costs.estimate(plan, rates: rates).seconds - 20) < 0.01)
    }
}
