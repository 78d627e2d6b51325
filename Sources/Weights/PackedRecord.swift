internal import Foundation
import JSON
internal import Tensors

/// What a packed file says of one linear layer, in its metadata.
struct PackedRecord: Equatable {
    let parts: LinearParts
    let format: WeightFormat

    /// The tensor that holds the panels.
    static func tensorName(_ parts: LinearParts) -> String { "\(parts.parts[0].name).panels" }

    /// `{"format":"int8","inputs":[n],"bias":false,"parts":[["name",outputs],…]}`
    var text: String {
        let value: JSONValue = [
            "format": .string(format.rawValue),
            "inputs": .array(parts.inputs.map { .integer($0) }),
            "bias": .bool(parts.hasBias),
            "parts": .array(parts.parts.map { [.string($0.name), .integer($0.outputs)] }),
        ]
        return String(decoding: value.serialized(), as: UTF8.self)
    }

    init(_ parts: LinearParts, format: WeightFormat) {
        self.parts = parts
        self.format = format
    }

    /// Reads `text` back; nil for anything else, and for sizes that no memory could hold.
    init?(_ text: String) {
        guard let value = try? JSONValue(parsing: Data(text.utf8)),
            let format = value["format"]?.string.flatMap(WeightFormat.init),
            let inputs = value["inputs"]?.array?.map(\.integer),
            let bias = value["bias"]?.bool,
            let list = value["parts"]?.array, !list.isEmpty
        else { return nil }
        var parts: [LinearParts.Part] = []
        for element in list {
            guard let pair = element.array, pair.count == 2, let name = pair[0].string, let outputs = pair[1].integer
            else { return nil }
            parts.append(LinearParts.Part(name: name, outputs: outputs))
        }
        let limit = 1 << 31
        guard inputs.allSatisfy({ $0.map { (1...limit).contains($0) } ?? false }),
            parts.allSatisfy({ (1...limit).contains($0.outputs) })
        else { return nil }
        self.parts = LinearParts(parts, inputs: inputs.compactMap { $0 }, hasBias: bias)
        self.format = format
    }
}
