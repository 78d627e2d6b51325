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

    /// The element of an outermost axis of one.
    var onlyElement: NumberArray {
        precondition(shape.first == 1, "\(shape) holds other than one element")
        return NumberArray(shape: Array(shape.dropFirst()), values: values)
    }

    /// Nested arrays.
    var nested: JSONValue { .nested(shape[...], values[...]) { .float($0) } }

    /// The numbers alone, little-endian.
    func bytes(_ type: ArrayEncoding.NumberType) -> Data {
        switch type {
        case .f32: Data(littleEndian: values.map(\.bitPattern))
        case .f16: Data(littleEndian: values.map(HalfPrecision.bits))
        }
    }
}

/// Ids, pixels, positions or flags with a shape, row-major. Halves could not hold them, so they are encoded as what
/// they are: as numbers in JSON, as 32-bit integers in an archive.
struct IntegerArray {
    let shape: [Int]
    let values: [Int32]

    init(shape: [Int], values: [Int]) {
        self.shape = shape
        self.values = values.map { Int32(clamping: $0) }
    }

    /// Nested arrays.
    var nested: JSONValue { .nested(shape[...], values[...]) { .integer(Int($0)) } }

    /// The numbers alone, little-endian.
    var bytes: Data { Data(littleEndian: values) }
}

extension Data {
    fileprivate init<Word: FixedWidthInteger>(littleEndian words: [Word]) {
        self = words.map(\.littleEndian).withUnsafeBytes { Data($0) }
    }
}

extension JSONValue {
    /// A number with the shortest text that reads back as the same f32.
    static func float(_ value: Float) -> JSONValue {
        .number(Double(value.description) ?? Double(value))
    }

    /// Row-major values as arrays within arrays.
    fileprivate static func nested<Element>(
        _ shape: ArraySlice<Int>,
        _ values: ArraySlice<Element>,
        _ leaf: (Element) -> JSONValue
    ) -> JSONValue {
        guard let first = shape.first else { return .null }
        let rest = shape.dropFirst()
        guard !rest.isEmpty else { return .array(values.map(leaf)) }
        let stride = rest.reduce(1, *)
        return .array(
            (0..<first).map { index in
                let start = values.startIndex + index * stride
                return nested(rest, values[start..<start + stride], leaf)
            }
        )
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
