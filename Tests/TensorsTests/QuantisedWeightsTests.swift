import CKernels
import Foundation
import Testing

@testable import Tensors

private let byteFormats: [WeightFormat] = [.int8, .int4]
private let vectorSets = InstructionSet.available.filter { $0 != .plain }

@Suite struct QuantisedWeightsTests {
    private struct Shape {
        let rows, inputs, outputs: Int
    }

    /// Rows up to a block and beyond; inputs around groups of 128, sub-groups of 32, words of 8 and 4.
    private static let shapes: [Shape] =
        (1...14).map { Shape(rows: $0, inputs: 120 + $0, outputs: 30 + $0) } + [
            Shape(rows: 1, inputs: 1, outputs: 1), Shape(rows: 2, inputs: 3, outputs: 65),
            Shape(rows: 97, inputs: 37, outputs: 33), Shape(rows: 24, inputs: 512, outputs: 96),
            Shape(rows: 23, inputs: 261, outputs: 17), Shape(rows: 110, inputs: 640, outputs: 40),
            Shape(rows: 36, inputs: 992, outputs: 31),
        ]

    private static func product(
        _ x: Matrix,
        _ weights: [Float],
        outputs: Int,
        format: WeightFormat,
        set: InstructionSet
    ) -> Matrix {
        let compute = Compute(threads: 2, instructionSet: set)
        let tensor = StoredTensor.make("w", weights, shape: [outputs, x.columns])
        let y = Matrix(rows: x.rows, columns: outputs)
        compute.linear(x, Linear([tensor], bias: nil, format: format, compute: compute), into: y)
        return y
    }

    // MARK: - Equality

    @Test(arguments: vectorSets, byteFormats)
    func vectorsGiveTheBitsOfPlainC(set: InstructionSet, format: WeightFormat) {
        for (index, shape) in Self.shapes.enumerated() {
            var numbers = Numbers(seed: UInt64(index))
            let x = numbers.matrix(shape.rows, shape.inputs)
            let weights = numbers.list(shape.outputs * shape.inputs)
            let plain = Self.product(x, weights, outputs: shape.outputs, format: format, set: .plain)
            let vector = Self.product(x, weights, outputs: shape.outputs, format: format, set: set)
            #expect(bits(vector.values) == bits(plain.values), "\(shape)")
        }
    }

    @Test(arguments: vectorSets, WeightFormat.allCases)
    func panelsAreTheSameForEveryInstructionSet(set: InstructionSet, format: WeightFormat) {
        var numbers = Numbers(seed: 8)
        let tensor = StoredTensor.make("w", numbers.list(40 * 300), shape: [40, 300], type: .f16)
        let layers = [InstructionSet.plain, set].map {
            Linear([tensor], bias: nil, format: format, compute: Compute(threads: 1, instructionSet: $0))
        }
        #expect(layers[0].withPackedBytes(Array.init) == layers[1].withPackedBytes(Array.init))
    }

    // MARK: - Errors of rounding

    /// Every weight, read off by multiplying with rows of the identity, whose bytes are exact.
    private static func decoded(_ weights: [Float], inputs: Int, format: WeightFormat) -> [Float] {
        let outputs = weights.count / inputs
        let identity = Matrix(rows: inputs, columns: inputs)
        for i in 0..<inputs { identity[i, i] = 127 }
        let y = product(identity, weights, outputs: outputs, format: format, set: .best)
        return (0..<weights.count).map { y[$0 % inputs, $0 / inputs] / 127 }
    }

    @Test func int8WeightsLieWithinHalfAStep() {
        var numbers = Numbers(seed: 10)
        let inputs = 300
        let weights = numbers.list(inputs * 40).enumerated().map { index, value in
            value * exp2(Float(index / 128 % 40) - 20)
        }
        let found = Self.decoded(weights, inputs: inputs, format: .int8)
        for start in stride(from: 0, to: weights.count, by: inputs) {
            for group in stride(from: 0, to: inputs, by: 128) {
                let range = start + group..<start + min(group + 128, inputs)
                let largest = weights[range].map(abs).max() ?? 0
                // Half a step; the scale is a bfloat16 rounded upwards.
                let bound = largest / 127 / 2 * (1 + 0x1p-7) * 1.001
                for i in range { #expect(abs(found[i] - weights[i]) <= bound) }
            }
        }
    }

    @Test func int4ErrorIsThatOfGroupsOf32() {
        var numbers = Numbers(seed: 11)
        let inputs = 512
        // Sums of twelve uniform numbers: nearly normal, as weights are.
        let weights = (0..<inputs * 64).map { _ in (0..<12).reduce(Float(0)) { sum, _ in sum + numbers.next() } }
        let found = Self.decoded(weights, inputs: inputs, format: .int4)
        let error = zip(found, weights).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
        let energy = weights.reduce(0.0) { $0 + pow(Double($1), 2) }
        // One f16 scale for each group of 32 and the halves -8…7 give 0.086 for normal weights.
        #expect((error / energy).squareRoot() < 0.088)
    }

    @Test func int4SubgroupsOfDifferentSizeKeepTheirResolution() {
        var numbers = Numbers(seed: 12)
        let weights = numbers.list(128 * 32).enumerated().map { index, value in
            value * [1, 0.5, 0.25, 0.125][index / 32 % 4]
        }
        let found = Self.decoded(weights, inputs: 128, format: .int4)
        for subgroup in 0..<4 {
            let indices = weights.indices.filter { $0 / 32 % 4 == subgroup }
            let error = indices.reduce(0.0) { $0 + pow(Double(found[$1] - weights[$1]), 2) }
            let energy = indices.reduce(0.0) { $0 + pow(Double(weights[$1]), 2) }
            #expect((error / energy).squareRoot() < 0.1, "sub-group \(subgroup)")
        }
    }

    @Test(arguments: byteFormats)
    func activationsLieWithinHalfAStepOfTheirGroup(format: WeightFormat) {
        var numbers = Numbers(seed: 13)
        let inputs = 384
        // Weights of one and zero are exact in both formats: the outputs are the rounded activations.
        let identity = (0..<inputs * inputs).map { Float($0 / inputs == $0 % inputs ? 1 : 0) }
        let x = numbers.matrix(3, inputs)
        x[0, 5] = 1000
        x[1, 200] = -1e-6
        let y = Self.product(x, identity, outputs: inputs, format: format, set: .best)
        for r in 0..<3 {
            for c in 0..<inputs {
                let group = c / 128 * 128..<c / 128 * 128 + 128
                let step = (group.map { abs(x[r, $0]) }.max() ?? 0) / 127
                #expect(abs(y[r, c] - x[r, c]) <= step * 0.51 + abs(x[r, c]) * 0.01, "row \(r), column \(c)")
            }
        }
    }

    // MARK: - Odd values

    @Test(arguments: InstructionSet.available, byteFormats)
    func zerosGiveZeros(set: InstructionSet, format: WeightFormat) {
        var numbers = Numbers(seed: 14)
        let zeros = [Float](repeating: 0, count: 150 * 40)
        let y = Self.product(numbers.matrix(3, 150), zeros, outputs: 40, format: format, set: set)
        #expect(y.values.allSatisfy { $0 == 0 })
        let x = numbers.matrix(3, 150)
        x.rows(1..<2).fill(0)
        let z = Self.product(x, numbers.list(150 * 40), outputs: 40, format: format, set: set)
        #expect(z.row(1).allSatisfy { $0 == 0 } && z.row(0).contains { $0 != 0 })
    }

    @Test(arguments: InstructionSet.available, byteFormats)
    func theSmallestAndLargestNumbersAreHarmless(set: InstructionSet, format: WeightFormat) {
        var numbers = Numbers(seed: 15)
        let tiny = numbers.list(140 * 33).map { $0 * Float.leastNormalMagnitude }
        let y = Self.product(numbers.matrix(2, 140), tiny, outputs: 33, format: format, set: set)
        #expect(y.values.allSatisfy { abs($0) <= 140 * Float.leastNormalMagnitude })
        var huge = numbers.list(140 * 33)
        huge[3] = .greatestFiniteMagnitude
        let x = numbers.matrix(2, 140)
        let z = Self.product(x, huge, outputs: 33, format: format, set: set)
        for r in 0..<2 {
            let exact = Double(Float.greatestFiniteMagnitude) * Double(x[r, 3])
            #expect(abs(Double(z[r, 0]) - exact) <= abs(exact) * 0.05)
            #expect(z.row(r).allSatisfy { $0.isFinite })
        }
    }

    @Test(arguments: InstructionSet.available, byteFormats)
    func whatIsNotFiniteMakesItsOutputsNaNAndNoOthers(set: InstructionSet, format: WeightFormat) {
        var numbers = Numbers(seed: 16)
        let weights = numbers.list(260 * 40)
        let x = numbers.matrix(14, 260)
        let clean = Self.product(x, weights, outputs: 40, format: format, set: set)
        for value in [Float.nan, .infinity, -.infinity] {
            var stained = weights
            stained[7 * 260 + 130] = value
            let y = Self.product(x, stained, outputs: 40, format: format, set: set)
            for r in 0..<14 {
                #expect(y[r, 7].isNaN)
                for c in 0..<40 where c != 7 { #expect(y[r, c] == clean[r, c]) }
            }
            let spoilt = Matrix(rows: 14, columns: 260, values: x.values)
            spoilt[3, 259] = value
            let z = Self.product(spoilt, weights, outputs: 40, format: format, set: set)
            for r in 0..<14 where r != 3 { #expect(bits(z.row(r)) == bits(clean.row(r))) }
            #expect(z.row(3).allSatisfy { $0.isNaN })
        }
    }
}
