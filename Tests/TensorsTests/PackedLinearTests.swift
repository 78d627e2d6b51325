import Testing

@testable import Tensors

@Suite struct PackedLinearTests {
    @Test(arguments: WeightFormat.allCases, [(5, 3), (64, 40), (96, 129)])
    func panelsInBorrowedMemoryGiveTheSameBits(format: WeightFormat, shape: (inputs: Int, outputs: Int)) {
        let compute = Compute(threads: 1)
        let weights = StoredTensor.random(name: "w", shape: [shape.outputs, shape.inputs], spread: 1, seed: 2)
        let bias = StoredTensor.random(name: "b", shape: [shape.outputs], spread: 1, seed: 3)
        let packed = Linear([weights], bias: [bias], format: format, compute: compute)
        let count = Linear.packedByteCount(inputs: shape.inputs, outputs: shape.outputs, format: format)
        #expect(count % Linear.packedAlignment == 0, "the next layer of a file would not be aligned")

        let copy = AlignedMemory(byteCount: count)
        packed.withPackedBytes {
            copy.raw.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(copy.raw), byteCount: $0.count)
        }
        let borrowed = Linear(
            packed: UnsafeRawBufferPointer(start: copy.raw, count: count),
            owner: copy,
            inputs: shape.inputs,
            outputs: shape.outputs,
            bias: [bias],
            format: format
        )
        let x = Matrix(rows: 3, columns: shape.inputs)
        for row in 0..<3 {
            x.setRow(row, StoredTensor.random(name: "x", shape: [shape.inputs], spread: 1, seed: UInt64(row)).floats())
        }
        let expected = Matrix(rows: 3, columns: shape.outputs)
        let found = Matrix(rows: 3, columns: shape.outputs)
        compute.linear(x, packed, into: expected)
        compute.linear(x, borrowed, into: found)
        #expect(found.values == expected.values)
        #expect(expected.values.contains { $0 != 0 })
    }

    @Test(arguments: WeightFormat.allCases, [(5, 3), (64, 40), (33, 129)])
    func aRowIsWhatWasPacked(format: WeightFormat, shape: (inputs: Int, outputs: Int)) {
        let compute = Compute(threads: 1)
        let weights = StoredTensor.random(name: "w", shape: [shape.outputs, shape.inputs], spread: 1, seed: 2)
        let packed = Linear([weights], bias: nil, format: format, compute: compute)
        let values = weights.floats()
        let largest = values.map(abs).max() ?? 0
        let tolerance: [WeightFormat: Float] = [.f32: 0, .bf16: 1 / 256, .int8: 1 / 128, .int4: 1 / 6]
        for output in 0..<shape.outputs {
            let expected = values[output * shape.inputs..<(output + 1) * shape.inputs]
            let found = compute.row(output, of: packed)
            #expect(found.count == shape.inputs)
            let error = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
            #expect(error <= (tolerance[format] ?? 0) * largest, "\(format), output \(output)")
        }
    }
}
