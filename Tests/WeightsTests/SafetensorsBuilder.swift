import Foundation

/// One tensor to write into a test file.
struct Sample {
    var name: String
    var type = "F32"
    var shape: [Int]
    var data: [UInt8]

    static func floats(_ name: String, shape: [Int], _ values: [Float]) -> Sample {
        let data = values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
        return Sample(name: name, shape: shape, data: data)
    }

    static func zeros(_ name: String, type: String = "F32", shape: [Int], byteCount: Int) -> Sample {
        Sample(name: name, type: type, shape: shape, data: [UInt8](repeating: 0, count: byteCount))
    }
}

/// Writes safetensors files, whole or deliberately broken.
enum SafetensorsBuilder {
    /// A well-formed file of the samples, in their order.
    static func file(_ samples: [Sample]) -> [UInt8] {
        var members = ["\"__metadata__\":{\"format\":\"pt\"}"]
        var end = 0
        for sample in samples {
            let range = "[\(end),\(end + sample.data.count)]"
            members.append(
                "\"\(sample.name)\":{\"dtype\":\"\(sample.type)\",\"shape\":\(sample.shape),\"data_offsets\":\(range)}"
            )
            end += sample.data.count
        }
        return file(header: "{\(members.joined(separator: ","))}", data: samples.flatMap(\.data))
    }

    /// A file with any header.
    static func file(header: String, data: [UInt8] = []) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8) + data
    }
}

/// A directory that is removed with the object.
final class TemporaryDirectory {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> URL {
        let file = url.appendingPathComponent(name)
        try Data(bytes).write(to: file)
        return file
    }

    func write(_ name: String, _ text: String) throws {
        try write(name, text.utf8)
    }
}
