import Tensors
import Testing

@testable import Weights

@Suite struct RandomWeightsTests {
    @Test func aTensorIsTheSameWheneverItIsAskedFor() {
        let weights = RandomWeights(seed: 5)
        let first = weights.tensor("a.weight", shape: [7, 9]).floats()
        #expect(first == weights.tensor("a.weight", shape: [7, 9]).floats())
        #expect(first != weights.tensor("b.weight", shape: [7, 9]).floats())
        #expect(first != RandomWeights(seed: 6).tensor("a.weight", shape: [7, 9]).floats())
    }

    @Test func matricesKeepTheVarianceOfWhatPassesThrough() {
        let values = RandomWeights().tensor("a.weight", shape: [64, 256]).floats().map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        #expect(abs(mean) < 0.002)
        #expect(abs(variance * 256 - 1) < 0.05)
        #expect(!values.contains(0))
    }

    @Test func normsAreNearOneAndBiasesNearZero() {
        let weights = RandomWeights()
        #expect(weights.tensor("norm.weight", shape: [100]).floats().allSatisfy { abs($0 - 1) <= 0.11 })
        #expect(weights.tensor("norm.bias", shape: [100]).floats().allSatisfy { abs($0) <= 0.1 })
        #expect(weights.totals.parameters == 200)
        #expect(weights.unused() == [])
    }
}
