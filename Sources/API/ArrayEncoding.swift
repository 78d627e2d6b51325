import JSON
import Probing

/// How arrays of numbers travel in JSON.
enum ArrayEncoding: Equatable {
    /// Nested arrays.
    case json
    /// `{"dtype":"f32","shape":[…],"data":"…"}`, little-endian and row-major.
    case base64(NumberType)

    /// The numbers of a binary array.
    enum NumberType: String, CaseIterable {
        case f32, f16
    }

    /// Numbers above which nested arrays give way to base64.
    static let limit = 1 << 20

    /// Reads `encoding` and `dtype` of a body; nested arrays know no `dtype`.
    init(_ root: ProbeField) throws {
        let type = try root.member("dtype").map(Self.numberType) ?? .f32
        guard let field = root.member("encoding") else {
            self = .json
            return
        }
        switch try field.string() {
        case "json": self = .json
        case "base64": self = .base64(type)
        case let name: throw ProbeError.invalid(field.path, "is \"\(name)\"; encodings are json and base64")
        }
    }

    private static func numberType(_ field: ProbeField) throws -> NumberType {
        let name = try field.string()
        guard let type = NumberType(rawValue: name) else {
            throw ProbeError.invalid(field.path, "is \"\(name)\"; number types are f32 and f16")
        }
        return type
    }
}
