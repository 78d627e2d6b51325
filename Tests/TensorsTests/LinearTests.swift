import Foundation
import Testing

@testable import Tensors

/// y = activation(x Wᵀ + b) in double precision.
private func reference(
    _ x: Matrix,
    _ weights: [Float],
    _ bias: [Float]?,
    outputs: Int,
    format: WeightFormat,
    activation: Activation
) -> [Double] {
    let round: (Float) -> Double = { Double(format == .bf16 ? roundedToBF16($0) : $0) }
    let inputs = x.values.map(round)
    let w = weights.map(round)
    let k = x.columns
    return (0..<x.rows * outputs).map { index in
        let (r, n) = (index / outputs, index % outputs)
        var sum = Double(bias?[n] ?? 0)
        for i in 0..<k { sum += inputs[r * k + i] * w[n * k + i] }
        return activated(sum, activation)
    }
}

func activated(_ x: Double, _ activation: Activation) -> Double {
    switch activation {
    case .none: x
    case .gelu: 0.5 * x * erfc(-x / 2.0.squareRoot())
    case .geluTanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .quickGelu: x / (1 + exp(-1.702 * x))
    case .silu: x / (1 + exp(-x))
    case .relu: max(x, 0)
    }
}

private let activations: [Activation] = [.none, .gelu, .geluTanh, .quickGelu, .silu, .relu]

@Suite struct LinearTests {
    static let shapes: [(rows: Int, inputs: Int, outputs: Int)] = [
        (1, 1, 1), (2, 3, 5), (3, 17, 31), (5, 31, 33), (6, 100, 63), (7, 2, 32), (13, 33, 100), (97, 5, 17),
        (12, 257, 64), (200, 63, 3), (4, 515, 65), (1, 1000, 129),
    ]

    @Test(arguments: InstructionSet.available, [WeightFormat.f32, .bf16])
    func matchesDoublePrecision(set: InstructionSet, format: WeightFormat) {
        let compute = Compute(threads: 2, instructionSet: set)
        for (index, shape) in Self.shapes.enumerated() {
            var numbers = Numbers(seed: UInt64(index))
            let x = numbers.matrix(shape.rows, shape.inputs)
            let weights = numbers.list(shape.outputs * shape.inputs)
            let bias = index % 2 == 0 ? numbers.list(shape.outputs) : nil
            let activation = activations[index % activations.count]
            let linear = Linear(
                [.make("w", weights, shape: [shape.outputs, shape.inputs])],
                bias: bias.map { [.make("b", $0, shape: [shape.outputs])] },
                format: format,
                compute: compute
            )
            let y = Matrix(rows: shape.rows, columns: shape.outputs)
            compute.linear(x, linear, into: y, activation: activation)
            let expected = reference(
                x,
                weights,
                bias,
                outputs: shape.outputs,
                format: format,
                activation: activation
            )
            #expect(distance(y.values, expected) < 2e-6 * Double(shape.inputs + 4), "\(shape) \(activation)")
        }
    }

    @Test(arguments: InstructionSet.available, WeightFormat.allCases)
    func aRowsBitsDependOnNothingElse(set: InstructionSet, format: WeightFormat) {
        let one = Compute(threads: 1, instructionSet: set)
        let two = Compute(threads: 2, instructionSet: set)
        var numbers = Numbers(seed: 7)
        let (inputs, outputs) = (523, 99)
        let weights = numbers.list(inputs * outputs)
        let linear = Linear([.make("w", weights, shape: [outputs, inputs])], bias: nil, format: format, compute: two)
        let x = numbers.matrix(200, inputs)
        let all = Matrix(rows: 200, columns: outputs)
        two.linear(x, linear, into: all, activation: .gelu)
        for size in [1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 64, 97] {
            for compute in [one, two] {
                let start = (size * 31) % (200 - size)
                let part = Matrix(rows: size, columns: outputs)
                compute.linear(x.rows(start..<start + size), linear, into: part, activation: .gelu)
                #expect(bits(part.values) == bits(all.rows(start..<start + size).values), "\(size) rows")
            }
        }
    }

    @Test(arguments: InstructionSet.available, WeightFormat.allCases)
    func stackedPartsEqualSeparateLayers(set: InstructionSet, format: WeightFormat) {
        let compute = Compute(threads: 2, instructionSet: set)
        var numbers = Numbers(seed: 3)
        let x = numbers.matrix(9, 21)
        let parts: [StoredTensor] = [(40, .f32), (7, .bf16), (33, .f16)].map { count, type in
            .make("w\(count)", numbers.list(count * 21), shape: [count, 21], type: type)
        }
        let whole = Linear(parts, bias: nil, format: format, compute: compute)
        let y = Matrix(rows: 9, columns: 80)
        compute.linear(x, whole, into: y)
        var start = 0
        for part in parts {
            let single = Matrix(rows: 9, columns: part.shape[0])
            compute.linear(x, Linear([part], bias: nil, format: format, compute: compute), into: single)
            #expect(bits(single.values) == bits(y.columns(start..<start + part.shape[0]).values))
            start += part.shape[0]
        }
    }

    @Test(arguments: InstructionSet.available)
    func accumulatesIntoASliceAndTouchesNothingBeside(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        var numbers = Numbers(seed: 4)
        let frame = Matrix(rows: 10, columns: 60)
        frame.fill(5)
        let x = numbers.matrix(8, 30).columns(3..<20)
        let linear = Linear(
            [.make("w", numbers.list(35 * 17), shape: [35, 17])],
            bias: nil,
            format: .f32,
            compute: compute
        )
        let plain = Matrix(rows: 8, columns: 35)
        compute.linear(x, linear, into: plain, activation: .silu)
        compute.linear(x, linear, into: frame.rows(1..<9).columns(2..<37), activation: .silu, accumulate: true)
        for r in 0..<10 {
            for c in 0..<60 {
                let inside = (1..<9).contains(r) && (2..<37).contains(c)
                #expect(frame[r, c] == (inside ? 5 + plain[r - 1, c - 2] : 5))
            }
        }
    }

    @Test(arguments: InstructionSet.available, WeightFormat.allCases)
    func gatingEqualsItsSteps(set: InstructionSet, format: WeightFormat) {
        let compute = Compute(threads: 2, instructionSet: set)
        var numbers = Numbers(seed: 11)
        let (inputs, outputs) = (300, 101)
        func layer() -> Linear {
            let weights = StoredTensor.make("w", numbers.list(inputs * outputs), shape: [outputs, inputs])
            let bias = StoredTensor.make("b", numbers.list(outputs), shape: [outputs])
            return Linear([weights], bias: [bias], format: format, compute: compute)
        }
        let (gate, up) = (layer(), layer())
        for rows in [1, 3, 13, 150] {
            let x = numbers.matrix(rows, inputs)
            let (product, factor) = (Matrix(rows: rows, columns: outputs), Matrix(rows: rows, columns: outputs))
            compute.linear(x, gate, into: product)
            compute.linear(x, up, into: factor)
            compute.siluMultiply(gate: product, up: factor, into: product)
            let frame = Matrix(rows: rows, columns: outputs + 9)
            frame.fill(5)
            compute.gated(x, gate: gate, up: up, into: frame.columns(4..<4 + outputs), next: gate)
            #expect(bits(frame.columns(4..<4 + outputs).values) == bits(product.values), "\(rows) rows")
            #expect(frame.columns(0..<4).values.allSatisfy { $0 == 5 })
            #expect(frame.columns(4 + outputs..<outputs + 9).values.allSatisfy { $0 == 5 })
        }
    }

    @Test(arguments: InstructionSet.available)
    func bf16RoundsActivationsToNearestEven(set: InstructionSet) {
        let compute = Compute(threads: 1, instructionSet: set)
        let identity: [Float] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
        let linear = Linear([.make("w", identity, shape: [3, 3])], bias: nil, format: .bf16, compute: compute)
        // 1 + 2^-8 lies between 1 and 1 + 2^-7: the even one is 1. Three of them go to 1 + 2^-6.
        let x = Matrix(rows: 1, columns: 3, values: [1 + 0x1p-8, 1 + 3 * 0x1p-8, -(1 + 0x1p-8 + 0x1p-20)])
        let y = Matrix(rows: 1, columns: 3)
        compute.linear(x, linear, into: y)
        #expect(y.values == [1, 1 + 0x1p-6, -(1 + 0x1p-7)])
    }

    @Test func aConvolutionKernelIsARowOfInputs() {
        let compute = Compute(threads: 1)
        let kernel = StoredTensor.make("patch", (0..<24).map(Float.init), shape: [2, 3, 2, 2])
        let linear = Linear([kernel], bias: nil, format: .f32, compute: compute)
        #expect(linear.inputs == 12 && linear.outputs == 2)
        let y = Matrix(rows: 1, columns: 2)
        compute.linear(Matrix(rows: 1, columns: 12, values: Array(repeating: 1, count: 12)), linear, into: y)
        #expect(y.values == [66, 210])
    }

    @Test func byteCountIsThatOfThePanels() {
        let compute = Compute(threads: 1)
        let weight = StoredTensor.make("w", Array(repeating: 1, count: 33 * 5), shape: [33, 5])
        #expect(Linear([weight], bias: nil, format: .f32, compute: compute).byteCount == 2 * 32 * 5 * 4)
        #expect(Linear([weight], bias: nil, format: .bf16, compute: compute).byteCount == 2 * 32 * 6 * 2)
        #expect(Linear([weight], bias: nil, format: .int8, compute: compute).byteCount == 2 * 32 * (8 + 2))
        #expect(Linear([weight], bias: nil, format: .int4, compute: compute).byteCount == 2 * 32 * (8 + 2 + 2))
    }
}
