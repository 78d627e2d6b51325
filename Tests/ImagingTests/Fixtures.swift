import Foundation
import Imaging
import Testing

/// The files and oracles that `Tests/Fixtures/images/generate.py` wrote.
enum Fixtures {
    struct Decoded: Decodable, Sendable, CustomTestStringConvertible {
        let file: String
        let width: Int
        let height: Int
        let pixels: Data
        var testDescription: String { file }
    }

    struct Resized: Decodable, Sendable, CustomTestStringConvertible {
        let file: String
        let filter: Int
        let width: Int
        let height: Int
        let pixels: Data
        var testDescription: String { "\(file) to \(width)x\(height), filter \(filter)" }
    }

    struct Prepared: Decodable, Sendable, CustomTestStringConvertible {
        let file: String
        let configuration: JSONValue
        let override: Preprocess?
        let side: Int
        let stride: Int
        let values: Data
        var testDescription: String { "\(file) \(configuration)" }

        var floats: [Float] {
            values.withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
        }
    }

    private struct Expected: Decodable {
        let decoded: [Decoded]
        let resized: [Resized]
        let prepared: [Prepared]
    }

    static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/images")

    private static let expected: Expected? = try? JSONDecoder().decode(Expected.self, from: data("expected.json"))

    static var decoded: [Decoded] { expected?.decoded ?? [] }
    static var resized: [Resized] { expected?.resized ?? [] }
    static var prepared: [Prepared] { expected?.prepared ?? [] }

    static func data(_ name: String) throws -> Data {
        try Data(contentsOf: directory.appendingPathComponent(name))
    }

    static func image(_ name: String) throws -> RGBImage {
        try ImageDecoder.decode(data(name)).image
    }

    /// Runs `body` with a folder that holds the given text files, and removes it afterwards.
    static func withDirectory<Result>(_ files: [String: String], _ body: (URL) throws -> Result) throws -> Result {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("imaging-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files {
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }
        return try body(directory)
    }
}

/// Any JSON, to hand a fixture's configuration on as a file.
enum JSONValue: Codable, Sendable, CustomStringConvertible {
    case object([String: JSONValue])
    case array([JSONValue])
    case number(Double)
    case bool(Bool)
    case string(String)

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let object = try? value.decode([String: JSONValue].self) {
            self = .object(object)
        } else if let array = try? value.decode([JSONValue].self) {
            self = .array(array)
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else {
            self = .string(try value.decode(String.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .object(let object): try container.encode(object)
        case .array(let array): try container.encode(array)
        case .number(let number): try container.encode(number)
        case .bool(let bool): try container.encode(bool)
        case .string(let string): try container.encode(string)
        }
    }

    var description: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
