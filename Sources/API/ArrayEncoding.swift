import Foundation
import JSON
import Probing

/// How arrays of numbers travel in JSON.
enum ArrayEncoding: String, CaseIterable {
    /// Nested arrays.
    case json
    /// `{"dtype":"f32","shape":[…],"data":"…"}`, little-endian and row-major.
    case base64

    /// Numbers above which nested arrays give way to base64.
    static let limit = 1 << 20

    init(_ field: ProbeField) throws {
        let name = try field.string()
        guard let encoding = ArrayEncoding(rawValue: name) else {
            throw ProbeError.invalid(field.path, "is \"\(name)\"; encodings are json and base64")
        }
        self = encoding
    }
}

/// Numbers with a shape, row-major.
struct NumberArray {
    let shape: [Int]
    let values: [Float]

    /// The array as `encoding` wants it; large ones become base64 with a warning.
    func encoded(_ encoding: ArrayEncoding, name: String, warnings: inout [String]) -> JSONValue {
        if encoding == .json, values.count <= ArrayEncoding.limit { return nested(shape[...], values[...]) }
        if encoding == .json {
            warnings.append("\(name) holds \(values.count) numbers, more than \(ArrayEncoding.limit): sent as base64")
        }
        var data = Data(capacity: values.count * 4)
        for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
        return [
            "dtype": "f32", "shape": .array(shape.map { .integer($0) }), "data": .string(data.base64EncodedString()),
        ]
    }

    // MARK: - Private

    private func nested(_ shape: ArraySlice<Int>, _ values: ArraySlice<Float>) -> JSONValue {
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
