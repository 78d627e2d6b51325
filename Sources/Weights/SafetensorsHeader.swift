import JSON

/// The header of a safetensors file that is being written.
struct SafetensorsHeader {
    /// Where a tensor lies.
    struct Entry {
        let name: String
        let type: StoredType
        let shape: [Int]
        /// Bytes, counted from the start of the data.
        let range: Range<Int>
    }

    let entries: [Entry]
    let metadata: [String: String]

    /// The length field and the JSON, filled up with spaces to `length` bytes; nil if that is too few.
    func bytes(length: Int) -> [UInt8]? {
        var fields: [String: JSONValue] = ["__metadata__": .object(metadata.mapValues { .string($0) })]
        for entry in entries {
            fields[entry.name] = [
                "dtype": .string(entry.type.rawValue),
                "shape": .array(entry.shape.map { .integer($0) }),
                "data_offsets": [.integer(entry.range.lowerBound), .integer(entry.range.upperBound)],
            ]
        }
        let text = [UInt8](JSONValue.object(fields).serialized())
        let room = length - 8
        guard text.count <= room else { return nil }
        let padding = [UInt8](repeating: UInt8(ascii: " "), count: room - text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: room >> (8 * $0)) } + text + padding
    }
}
