import Foundation
import Tensors

/// Repeatable numbers: a xorshift generator.
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = 0x9E37_79B9_7F4A_7C15 &+ seed &* 0x2545_F491_4F6C_DD1D }

    /// Uniform in -1 ..< 1.
    mutating func next() -> Float {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Float(state >> 40) / Float(1 << 23) - 1
    }

    mutating func list(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }

    mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        Matrix(rows: rows, columns: columns, values: list(rows * columns))
    }
}

/// Memory for a stored tensor.
final class TensorBytes {
    let buffer: UnsafeMutableRawBufferPointer

    init<T>(_ values: [T]) {
        buffer = .allocate(byteCount: values.count * MemoryLayout<T>.stride, alignment: 64)
        values.withUnsafeBytes { buffer.copyMemory(from: $0) }
    }

    deinit { buffer.deallocate() }
}

extension StoredTensor {
    /// A tensor of the values, rounded to `type`.
    static func make(_ name: String, _ values: [Float], shape: [Int], type: ElementType = .f32) -> StoredTensor {
        let bytes =
            switch type {
            case .f32: TensorBytes(values)
            case .f16: TensorBytes(values.map { Float16Bits($0).bits })
            case .bf16: TensorBytes(values.map { UInt16(roundedToBF16($0).bitPattern >> 16) })
            }
        let buffer = UnsafeRawBufferPointer(bytes.buffer)
        return StoredTensor(name: name, type: type, shape: shape, bytes: buffer, owner: bytes)
    }
}

/// Half precision by way of Double arithmetic, for values in its normal range.
struct Float16Bits {
    let bits: UInt16

    init(_ value: Float) {
        guard value != 0 else {
            bits = value.sign == .minus ? 0x8000 : 0
            return
        }
        let step = exp2(Double(max(value.exponent, -14)) - 10)
        let rounded = Float((Double(value) / step).rounded(.toNearestOrEven) * step)
        let exponent = max(Int(rounded.exponent), -14)
        let mantissa = Int((Double(abs(rounded)) / exp2(Double(exponent) - 10)).rounded())
        let magnitude = mantissa < 1024 ? mantissa : (exponent + 15) << 10 | (mantissa & 1023)
        bits = UInt16(magnitude) | (value.sign == .minus ? 0x8000 : 0)
    }
}

/// Nearest bfloat16, ties to even, by its definition on the real line.
func roundedToBF16(_ value: Float) -> Float {
    guard value.isFinite, value != 0 else { return value }
    let step = exp2(Double(max(value.exponent, -126)) - 7)
    return Float((Double(value) / step).rounded(.toNearestOrEven) * step)
}

/// Largest absolute difference.
func distance(_ a: [Float], _ b: [Double]) -> Double {
    precondition(a.count == b.count)
    return zip(a, b).map { $0.isNaN ? .infinity : abs(Double($0) - $1) }.max() ?? 0
}

func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }
