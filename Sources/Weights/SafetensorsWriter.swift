/// Writes small safetensors files.
public enum SafetensorsWriter {
    /// Writes one f32 tensor and what is to be said about it to a new file.
    ///
    /// - Throws: ``WeightsError`` with code `unwritable`, also if the file exists.
    public static func write(
        _ values: [Float],
        shape: [Int],
        name: String,
        metadata: [String: String],
        to path: String
    ) throws(WeightsError) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values for \(shape)")
        let entry = SafetensorsHeader.Entry(name: name, type: .f32, shape: shape, range: 0..<values.count * 4)
        let header = SafetensorsHeader(entries: [entry], metadata: metadata)
        var length = 256
        var bytes = header.bytes(length: length)
        while bytes == nil {
            length *= 2
            bytes = header.bytes(length: length)
        }
        let file = try OutputFile(path: path)
        let data = values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
        try file.write((bytes ?? []) + data, at: 0)
        try file.synchronize()
    }
}
