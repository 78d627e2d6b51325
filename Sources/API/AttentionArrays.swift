import JSON
import Models
import Probing

/// Recorded rows of attention as arrays, the rows outermost.
struct AttentionArrays {
    private let rows: [AttentionRow]
    private let capture: AttentionCapture
    private let layout: PromptLayout

    init(_ rows: [AttentionRow], _ capture: AttentionCapture, _ layout: PromptLayout) {
        self.rows = rows
        self.capture = capture
        self.layout = layout
    }

    /// `[rows][layers](heads)[columns]`; rows that see fewer columns than the longest end in zeros.
    var maps: NumberArray {
        let maps = layers.flatMap(\.maps)
        let columns = maps.map(\.count).max() ?? 0
        var shape = [rows.count, capture.layers.count, columns]
        if let heads = capture.separateHeads { shape.insert(heads.count, at: 2) }
        var values: [Float] = []
        values.reserveCapacity(shape.reduce(1, *))
        for map in maps {
            values += map
            values += Array(repeating: 0, count: columns - map.count)
        }
        return NumberArray(shape: shape, values: values)
    }

    /// Mass by kind of position, each `[rows][layers]`.
    var fractions: [String: NumberArray] {
        let always: [PositionKind] = [.image, .bos, .system, .question, .template, .generated]
        let kinds = always + [.history, .prefix].filter(layout.kinds.contains)
        let arrays = kinds.map { kind in array { $0.fractions[kind] ?? 0 } }
        return Dictionary(uniqueKeysWithValues: zip(kinds.map(\.rawValue), arrays))
    }

    /// Mass on sinks that the maps leave out, `[rows][layers]`.
    var excludedMass: NumberArray { array(\.excludedMass) }

    // MARK: - Private

    private var layers: [AttentionRow.Layer] { rows.flatMap(\.layers) }

    private func array(_ value: (AttentionRow.Layer) -> Float) -> NumberArray {
        NumberArray(shape: [rows.count, capture.layers.count], values: layers.map(value))
    }
}

extension [String: NumberArray] {
    /// What stands in the JSON in place of each array.
    func places(in arrays: inout ArrayAnswer, at path: String) throws(ProbeError) -> [String: JSONValue] {
        var result: [String: JSONValue] = [:]
        for (name, array) in sorted(by: { $0.key < $1.key }) {
            result[name] = try arrays.place(array, at: "\(path).\(name)")
        }
        return result
    }
}
