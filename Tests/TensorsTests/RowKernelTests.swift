import Foundation
import Testing

@testable import Tensors

private let lengths = [1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 63, 64, 100, 1023]

@Suite struct RowKernelTests {
    @Test(arguments: InstructionSet.available)
    func normsMatchDoublePrecision(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        for length in lengths {
            var numbers = Numbers(seed: UInt64(length))
            let x = numbers.matrix(3, length)
            let (weight, bias) = (numbers.list(length), numbers.list(length))
            let (rms, layer) = (Matrix(rows: 3, columns: length), Matrix(rows: 3, columns: length))
            compute.rmsNorm(x, weight: weight, epsilon: 1e-5, into: rms)
            compute.layerNorm(x, weight: weight, bias: bias, epsilon: 1e-5, into: layer)
            for r in 0..<3 {
                let row = x.row(r).map(Double.init)
                let count = Double(length)
                let square = row.reduce(0) { $0 + $1 * $1 } / count
                let mean = row.reduce(0, +) / count
                let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
                let byRMS = row.indices.map { row[$0] / (square + 1e-5).squareRoot() * Double(weight[$0]) }
                let byLayer = row.indices.map {
                    (row[$0] - mean) / (variance + 1e-5).squareRoot() * Double(weight[$0]) + Double(bias[$0])
                }
                #expect(distance(rms.row(r), byRMS) < 2e-6, "\(length)")
                #expect(distance(layer.row(r), byLayer) < 1e-5, "\(length)")
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func normsWorkInPlaceAndRowByRow(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        var numbers = Numbers(seed: 2)
        let x = numbers.matrix(70, 261)
        let weight = numbers.list(261)
        let all = Matrix(rows: 70, columns: 261)
        compute.rmsNorm(x, weight: weight, epsilon: 1e-6, into: all)
        let single = Matrix(rows: 1, columns: 261)
        compute.rmsNorm(x.rows(33..<34), weight: weight, epsilon: 1e-6, into: single)
        #expect(bits(single.values) == bits(all.row(33)))
        compute.rmsNorm(x, weight: weight, epsilon: 1e-6, into: x)
        #expect(bits(x.values) == bits(all.values))
    }

    @Test(arguments: InstructionSet.available)
    func activationsMatchDoublePrecision(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        let inputs = stride(from: Float(-30), through: 30, by: 0.0078).map { $0 }
        for activation in [Activation.none, .gelu, .geluTanh, .quickGelu, .silu, .relu] {
            let x = Matrix(rows: 1, columns: inputs.count, values: inputs)
            compute.activate(x, activation)
            let wrong = zip(inputs, x.values).filter { input, output in
                let expected = activated(Double(input), activation)
                return !(abs(Double(output) - expected) <= 4e-7 * max(abs(expected), 0.25))
            }
            #expect(wrong.isEmpty, "\(activation): \(wrong.prefix(5))")
        }
    }

    @Test(arguments: InstructionSet.available)
    func activationsOfExtremesAreNeverNaN(set: InstructionSet) {
        let compute = Compute(threads: 1, instructionSet: set)
        let extremes: [Float] = [-3e38, -1e4, -100, -88, 0, 88, 100, 1e4, 3e38]
        for activation in [Activation.gelu, .quickGelu, .silu, .relu] {
            let x = Matrix(rows: 1, columns: extremes.count, values: extremes)
            compute.activate(x, activation)
            for (input, output) in zip(extremes, x.values) {
                #expect(input > 0 ? output == input : abs(output) < 1e-30, "\(activation) of \(input): \(output)")
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func siluMultiplyTakesSlicesOfOneMatrix(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        for length in lengths {
            var numbers = Numbers(seed: UInt64(length))
            let fused = numbers.matrix(5, 2 * length)
            let (gate, up) = (fused.columns(0..<length), fused.columns(length..<2 * length))
            let expected = zip(gate.values, up.values).map { activated(Double($0), .silu) * Double($1) }
            compute.siluMultiply(gate: gate, up: up, into: gate)
            #expect(distance(gate.values, expected) < 5e-7, "\(length)")
        }
    }

    @Test(arguments: InstructionSet.available)
    func addAddsSlices(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        var numbers = Numbers(seed: 5)
        let frame = numbers.matrix(4, 40)
        let before = frame.values
        let x = numbers.matrix(4, 19)
        compute.add(x, into: frame.columns(11..<30))
        for r in 0..<4 {
            for c in 0..<40 {
                let term = (11..<30).contains(c) ? x[r, c - 11] : 0
                #expect(frame[r, c] == before[r * 40 + c] + term)
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func rotaryPairsHalvesOfEachHead(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        for headDim in [2, 6, 16, 34, 128] {
            var numbers = Numbers(seed: UInt64(headDim))
            let half = headDim / 2
            let frame = numbers.matrix(3, headDim * 2 + 5)
            let before = frame.values
            let frequencies = (0..<half).map { Float(pow(10000, -Double($0) / Double(half))) }
            let positions = [0, 7, 4001]
            compute.rotary(
                frame.columns(5..<frame.columns),
                heads: 2,
                headDim: headDim,
                positions: positions,
                inverseFrequencies: frequencies,
                scale: 1.25
            )
            for (r, position) in positions.enumerated() {
                #expect(Array(frame.row(r)[..<5]) == Array(before[r * frame.columns..<r * frame.columns + 5]))
                for head in 0..<2 {
                    for i in 0..<half {
                        let start = 5 + head * headDim + i
                        let a = Double(before[r * frame.columns + start])
                        let b = Double(before[r * frame.columns + start + half])
                        let angle = Double(Float(position) * frequencies[i])
                        let (c, s) = (1.25 * cos(angle), 1.25 * sin(angle))
                        #expect(abs(Double(frame[r, start]) - (a * c - b * s)) < 1e-6)
                        #expect(abs(Double(frame[r, start + half]) - (b * c + a * s)) < 1e-6)
                    }
                }
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func softmaxSumsToOneAndKeepsRemovedAtZero(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        for length in lengths {
            var numbers = Numbers(seed: UInt64(length))
            let x = Matrix(rows: 2, columns: length, values: numbers.list(2 * length).map { $0 * 40 })
            x[0, length / 2] = length > 1 ? -.infinity : 0
            x.withRow(1) { $0.update(repeating: -.infinity) }
            let row = x.row(0).map(Double.init)
            let largest = row.max() ?? 0
            let total = row.reduce(0) { $0 + exp($1 - largest) }
            compute.softmax(x)
            #expect(distance(x.row(0), row.map { exp($0 - largest) / total }) < 1e-6, "\(length)")
            #expect(length == 1 || x[0, length / 2].bitPattern == 0)
            #expect(x.row(1).allSatisfy { $0.bitPattern == 0 })
        }
    }
}
