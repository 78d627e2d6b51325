public import Foundation
import JSON

/// The files around the weights of a named shape, in a directory that lasts as long as this object.
public final class ShapeDirectory: Sendable {
    /// Where they are.
    public let url: URL

    /// Writes them to the system's temporary directory.
    public init(_ shape: BenchmarkShape) throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-shape-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for (name, content) in [
            ("config.json", shape.configuration),
            ("preprocessor_config.json", Self.processor),
            ("tokenizer.json", Self.tokenizer(size: shape.vocabularySize)),
        ] {
            try content.serialized().write(to: url.appendingPathComponent(name))
        }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    // MARK: - Private

    private static let processor: JSONValue = [
        "image_processor_type": "CLIPImageProcessor",
        "size": ["shortest_edge": .integer(BenchmarkShape.imageSize)],
        "crop_size": ["height": .integer(BenchmarkShape.imageSize), "width": .integer(BenchmarkShape.imageSize)],
        "do_resize": true, "resample": 3, "do_center_crop": true, "do_rescale": true, "do_normalize": true,
        "image_mean": [.number(0.48145466), .number(0.4578275), .number(0.40821073)],
        "image_std": [.number(0.26862954), .number(0.26130258), .number(0.27577711)],
    ]

    /// A vocabulary of single bytes, which can write any text, and made-up words.
    private static func tokenizer(size: Int) -> JSONValue {
        let special = ["<unk>", "<s>", "</s>"]
        let bytes = (0..<256).map { "<0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) + ">" }
        let words = (special.count + bytes.count..<size - 1).map { "▁w\($0)" }
        let pieces = special + bytes + words + ["<image>"]
        let vocabulary = Dictionary(uniqueKeysWithValues: pieces.enumerated().map { ($1, JSONValue.integer($0)) })
        return [
            "version": "1.0",
            "added_tokens": .array(
                [0, 1, 2, size - 1].map { id in
                    [
                        "id": .integer(id), "content": .string(pieces[id]), "special": true, "normalized": false,
                        "single_word": false, "lstrip": false, "rstrip": false,
                    ]
                }
            ),
            "normalizer": ["type": "Replace", "pattern": ["String": " "], "content": "▁"],
            "post_processor": [
                "type": "TemplateProcessing",
                "single": [["SpecialToken": ["id": "<s>", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]]],
                "pair": [],
                "special_tokens": ["<s>": ["id": "<s>", "ids": [1], "tokens": ["<s>"]]],
            ],
            "decoder": [
                "type": "Sequence",
                "decoders": [
                    ["type": "Replace", "pattern": ["String": "▁"], "content": " "], ["type": "ByteFallback"],
                    ["type": "Fuse"],
                ],
            ],
            "model": [
                "type": "BPE", "unk_token": "<unk>", "byte_fallback": true, "fuse_unk": true,
                "vocab": .object(vocabulary), "merges": [],
            ],
        ]
    }
}
