import Foundation
import JSON

/// Numbers with a shape, as requests send them: nested arrays, or `{"dtype":"f32"|"f16","shape":[…],"data":"<base64>"}`,
/// little-endian and row-major.
public struct NumberBlock: Sendable, Equatable {
    /// Sizes, outermost first.
    public let shape: [Int]
    /// The numbers, row-major.
    public let values: [Float]

    /// Numbers that one block may hold.
    public static let limit = 1 << 24

    /// Reads either form; every number must be finite.
    public init(_ field: ProbeField) throws(ProbeError) {
        if field.value.array != nil {
            let (shape, values) = try Self.nested(field, depth: 0)
            self.init(shape: shape, values: values)
        } else {
            self = try Self.packed(try field.object())
        }
        guard values.allSatisfy(\.isFinite) else { throw .invalid(field.path, "holds a number that is not finite") }
    }

    // MARK: - Private

    private static let maximumDepth = 4

    private init(shape: [Int], values: [Float]) {
        self.shape = shape
        self.values = values
    }

    private static func nested(
        _ field: ProbeField,
        depth: Int
    ) throws(ProbeError) -> (shape: [Int], values: [Float]) {
        guard depth < maximumDepth else { throw .invalid(field.path, "nests deeper than \(maximumDepth) arrays") }
        let elements = try field.elements()
        guard !elements.isEmpty else { throw .invalid(field.path, "holds no numbers") }
        guard elements[0].value.array != nil else {
            var values: [Float] = []
            values.reserveCapacity(elements.count)
            for element in elements { values.append(Float(try element.number())) }
            return ([elements.count], values)
        }
        var inner: [Int] = []
        var values: [Float] = []
        for element in elements {
            let part = try nested(element, depth: depth + 1)
            guard inner.isEmpty || part.shape == inner else {
                throw .invalid(element.path, "has the shape \(part.shape); those before it have \(inner)")
            }
            inner = part.shape
            values += part.values
        }
        return ([elements.count] + inner, values)
    }

    private static func packed(_ field: ProbeField) throws(ProbeError) -> NumberBlock {
        let dtype = try field.required("dtype")
        let shape = try field.required("shape").integers()
        var count = 1
        for size in shape {
            let (product, overflows) = count.multipliedReportingOverflow(by: size)
            guard size > 0, !overflows, product <= limit else {
                throw .invalid("\(field.path).shape", "is \(shape); sizes must be positive and hold at most \(limit)")
            }
            count = product
        }
        let data = try field.required("data")
        guard let bytes = Data(base64Encoded: try data.string()) else { throw .invalid(data.path, "is no base64") }
        let width: Int
        switch try dtype.string() {
        case "f32": width = 4
        case "f16": width = 2
        case let name: throw .invalid(dtype.path, "is \"\(name)\"; types are f32 and f16")
        }
        guard bytes.count == count * width else {
            throw .invalid(data.path, "has \(bytes.count) bytes; the shape \(shape) needs \(count * width)")
        }
        return NumberBlock(shape: shape, values: width == 4 ? singles(bytes) : halves(bytes))
    }

    private static func singles(_ bytes: Data) -> [Float] {
        bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { index in
                let bits = raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }

    private static func halves(_ bytes: Data) -> [Float] {
        bytes.withUnsafeBytes { raw in
            (0..<raw.count / 2).map { index in
                let bits = raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                return single(UInt16(littleEndian: bits))
            }
        }
    }

    /// IEEE 754 binary16 to binary32, exactly.
    private static func single(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Float(bits & 0x3FF) / 1024)
        switch exponent {
        case 0: return sign * fraction * 0x1p-14
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
        }
    }
}
