import Foundation
import JSON

/// Numbers with a shape, row-major.
struct NumberArray {
    let shape: [Int]
    let values: [Float]

    /// `{"dtype","shape","data"}`, little-endian.
    func base64(_ type: ArrayEncoding.NumberType) -> JSONValue {
        [
            "dtype": .string(type.rawValue), "shape": .array(shape.map { .integer($0) }),
            "data": .string(bytes(type).base64EncodedString()),
        ]
    }

    /// Nested arrays.
    var nested: JSONValue { Self.nested(shape[...], values[...]) }

    /// The numbers alone, little-endian.
    func bytes(_ type: ArrayEncoding.NumberType) -> Data {
        switch type {
        case .f32: Self.littleEndian(values) { $0.bitPattern.littleEndian }
        case .f16: Self.littleEndian(values) { HalfPrecision.bits($0).littleEndian }
        }
    }

    // MARK: - Private

    private static func littleEndian<Word: FixedWidthInteger>(_ values: [Float], _ word: (Float) -> Word) -> Data {
        values.map(word).withUnsafeBytes { Data($0) }
    }

    private static func nested(_ shape: ArraySlice<Int>, _ values: ArraySlice<Float>) -> JSONValue {
        guard let first = shape.first else { return .null }
        let rest = shape.dropFirst()
        guard !rest.isEmpty else { return .array(values.map { .float($0) }) }
        let stride = rest.reduce(1, *)
        return .array(
            (0..<first).map { index in
                let start = values.startIndex + index * stride
                return nested(rest, values[start..<start + stride])
            }
        )
    }
}

extension JSONValue {
    /// A number with the shortest text that reads back as the same f32.
    static func float(_ value: Float) -> JSONValue {
        .number(Double(value.description) ?? Double(value))
    }
}

/// IEEE 754 binary16, which Swift has on some processors only.
enum HalfPrecision {
    /// The bits of the nearest half, ties to even; what is too large becomes infinite, a NaN stays one.
    static func bits(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(bits >> 16) & 0x8000
        let magnitude = bits & 0x7FFF_FFFF
        if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
        if magnitude >= 0x4780_0000 { return sign | 0x7C00 }
        if magnitude < 0x3880_0000 {
            // Below the smallest normal half: multiples of 2⁻²⁴.
            let steps = (Float(bitPattern: magnitude) * 0x1p24).rounded(.toNearestOrEven)
            return sign | UInt16(steps)
        }
        // Rounding may carry into the exponent, which is then the right one, infinity included.
        let rounded = magnitude + 0x0FFF + ((magnitude >> 13) & 1)
        return sign | UInt16((rounded - 0x3800_0000) >> 13)
    }
}
