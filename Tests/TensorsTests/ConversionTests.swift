import CKernels
import Testing

@testable import Tensors

/// Values whose rounding is easy to get wrong.
private let awkward: [Float] = [
    0, -0.0, 1, -1, 0x1p-14, 0x1p-15, 0x1p-24, 0x1p-25, 0x1.000002p-25, 0x1.8p-24, 65504, 65519.996, 65520, 1e30,
    0x1p-126, 0x1p-133, 0x1p-149, 1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1p-11, 1 + 3 * 0x1p-11, 0x1.fffffep127,
    .infinity, -.infinity, .nan, 2049, 2051,
]

@Suite struct ConversionTests {
    @Test(arguments: InstructionSet.available)
    func everyHalfSurvivesTheWayThroughFloat(set: InstructionSet) {
        let kernels = set.kernels
        let halves = (0...UInt16.max).map { $0 }
        var floats = [Float](repeating: 0, count: halves.count)
        kernels.f32_from_f16(halves, halves.count, &floats)
        var back = [UInt16](repeating: 0, count: halves.count)
        kernels.f16_from_f32(floats, floats.count, &back)
        let changed = zip(halves, back).filter { half, result in
            let isNaN = half & 0x7fff > 0x7c00
            return isNaN ? result & 0x7fff <= 0x7c00 : result != half
        }
        #expect(changed.isEmpty, "\(changed.prefix(5))")
        #expect(floats[0x0001] == 0x1p-24 && floats[0x3c00] == 1 && floats[0x7bff] == 65504)
        #expect(floats[0x7c00] == .infinity && floats[0xfc01].isNaN)
    }

    @Test(arguments: InstructionSet.available)
    func everyBF16SurvivesTheWayThroughFloat(set: InstructionSet) {
        let kernels = set.kernels
        let words = (0...UInt16.max).map { $0 }
        var floats = [Float](repeating: 0, count: words.count)
        kernels.f32_from_bf16(words, words.count, &floats)
        var back = [UInt16](repeating: 0, count: words.count)
        kernels.bf16_from_f32(floats, floats.count, &back)
        #expect(floats.map(\.bitPattern) == words.map { UInt32($0) << 16 })
        let changed = zip(words, back).filter { word, result in
            let isNaN = word & 0x7fff > 0x7f80
            return isNaN ? result & 0x7fff <= 0x7f80 : result != word
        }
        #expect(changed.isEmpty, "\(changed.prefix(5))")
    }

    @Test(arguments: InstructionSet.available)
    func roundingMatchesThePlainTwin(set: InstructionSet) {
        var numbers = Numbers(seed: 11)
        let patterns = (0..<10_007).map { i in
            i < awkward.count ? awkward[i] : Float(bitPattern: numbers.next().bitPattern &* UInt32(2 * i + 1))
        }
        let (vector, plain) = (set.kernels, InstructionSet.plain.kernels)
        var (a, b) = ([UInt16](repeating: 0, count: patterns.count), [UInt16](repeating: 0, count: patterns.count))
        vector.f16_from_f32(patterns, patterns.count, &a)
        plain.f16_from_f32(patterns, patterns.count, &b)
        #expect(differences(a, b, infinity: 0x7c00).map { patterns[$0] } == [])
        vector.bf16_from_f32(patterns, patterns.count, &a)
        plain.bf16_from_f32(patterns, patterns.count, &b)
        #expect(differences(a, b, infinity: 0x7f80).map { patterns[$0] } == [])
    }

    @Test(
        arguments: [
            (1 + 0x1p-8, 0x3f80), (1 + 3 * 0x1p-8, 0x3f82), (0x1.fffffep127, 0x7f80), (0x1p-149, 0),
            (0x1p-133, 0x0001), (-0.0, 0x8000), (.infinity, 0x7f80),
        ] as [(Float, UInt16)]
    )
    func bf16RoundsToNearestEven(value: Float, expected: UInt16) {
        for set in InstructionSet.available {
            var result = [UInt16](repeating: 0, count: 17)
            set.kernels.bf16_from_f32([Float](repeating: value, count: 17), 17, &result)
            #expect(result.allSatisfy { $0 == expected })
        }
    }

    @Test(
        arguments: [
            (65504, 0x7bff), (65519.996, 0x7bff), (65520, 0x7c00), (0x1p-24, 1), (0x1p-25, 0),
            (0x1.000002p-25, 1), (1 + 0x1p-11, 0x3c00), (1 + 3 * 0x1p-11, 0x3c02), (0x1.ff8p-15, 0x3ff),
            (0x1.ffcp-15, 0x400), (-2, 0xc000),
        ] as [(Float, UInt16)]
    )
    func f16RoundsToNearestEven(value: Float, expected: UInt16) {
        for set in InstructionSet.available {
            var result = [UInt16](repeating: 0, count: 17)
            set.kernels.f16_from_f32([Float](repeating: value, count: 17), 17, &result)
            #expect(result.allSatisfy { $0 == expected }, "\(value) in \(set.name): \(result)")
        }
    }

    @Test func storedTensorsConvertToFloats() {
        let values: [Float] = [0, 1, -2.5, 0.125, 1000, -0.5]
        for type in [ElementType.f32, .f16, .bf16] {
            #expect(StoredTensor.make("t", values, shape: [2, 3], type: type).floats() == values)
        }
    }

    /// Indices at which the words differ and are not both NaN.
    private func differences(_ a: [UInt16], _ b: [UInt16], infinity: UInt16) -> [Int] {
        a.indices.filter { i in
            let bothNaN = a[i] & 0x7fff > infinity && b[i] & 0x7fff > infinity
            return !bothNaN && a[i] != b[i]
        }
    }
}
