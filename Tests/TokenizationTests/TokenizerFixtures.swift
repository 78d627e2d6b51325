import Foundation

@testable import Tokenization

/// The files that `Tests/Fixtures/tokenizers/generate.py` writes.
enum TokenizerFixture: String, CaseIterable, Sendable {
    case qwenLike = "qwen-like"
    case gpt2Like = "gpt2-like"
    case llamaLike = "llama-like"
    case metaspaceFirst = "metaspace-first"
    case mixed
    case fusedUnknown = "fused-unknown"

    /// One string and what the reference makes of it.
    struct Case: Decodable {
        let text: String
        let ids: [Int]
        let withSpecial: [Int]
        let decoded: String?
        let skipped: String?
        let plain: [Int]?
    }

    /// A list of ids and what the reference makes of it.
    struct Decode: Decodable {
        let ids: [Int]
        let decoded: String
        let skipped: String
    }

    struct Expectations: Decodable {
        let cases: [Case]
        let decodes: [Decode]
    }

    static func url(_ name: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/tokenizers/\(name)")
    }

    var url: URL { Self.url("\(rawValue).tokenizer.json") }

    func tokenizer() throws -> Tokenizer { try Tokenizer(contentsOf: url) }

    func expectations() throws -> Expectations {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Expectations.self, from: Data(contentsOf: Self.url("\(rawValue).expected.json")))
    }
}

extension Tokenizer {
    /// A byte-level tokenizer of hand-made parts; ids of single letters are their ASCII codes.
    static func small(
        vocabulary: [String: Int] = [:],
        merges: [[String]] = [],
        fields: [String: Any] = [:],
        model: [String: Any] = [:]
    ) throws -> Tokenizer {
        var pieces = vocabulary
        for byte in UInt8(ascii: " ")...UInt8(ascii: "~") { pieces[String(Unicode.Scalar(byte))] = Int(byte) }
        var content: [String: Any] = ["type": "BPE", "vocab": pieces, "merges": merges]
        content.merge(model) { $1 }
        var root = fields
        root["model"] = content
        return try Tokenizer(json: JSONSerialization.data(withJSONObject: root))
    }
}
