import Foundation
import Generation
import JSON
import Models
import Probing
import Tensors
import Testing
import Tokenization

/// A tiny random checkpoint with what transformers computed for it; `Tests/Fixtures/llava/README.md` describes both.
final class ParityFixture: Sendable {
    static let names = ["mha-crop", "gqa-pad", "grid24", "features"]

    let name: String
    let directory: URL
    let expected: JSONValue
    private let arrays: FixtureArrays

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/llava")

    init(_ name: String) throws {
        self.name = name
        directory = Self.root.appendingPathComponent(name)
        expected = try JSONValue(parsing: Data(contentsOf: directory.appendingPathComponent("expected.json")))
        arrays = try FixtureArrays(directory.appendingPathComponent("expected.safetensors"))
    }

    func array(_ name: String) throws -> (shape: [Int], values: [Float]) { try arrays(name) }

    func has(_ name: String) -> Bool { arrays.has(name) }

    func model(format: WeightFormat = .f32, threads: Int? = nil) throws -> VisionLanguageModel {
        var options = ModelOptions()
        options.format = format
        options.threads = threads
        return try VisionLanguageModel.load(directory, options: options)
    }

    /// The fixture's prompts by name.
    func prompts() throws -> [ParityPrompt] {
        let object = try #require(expected["prompts"]?.object)
        return try object.sorted { $0.key < $1.key }.map { try ParityPrompt(fixture: self, name: $0.key, $0.value) }
    }

    func prompt(_ name: String) throws -> ParityPrompt {
        try ParityPrompt(fixture: self, name: name, try #require(expected["prompts"]?[name]))
    }
}

/// One prompt of a fixture.
struct ParityPrompt {
    let fixture: ParityFixture
    let name: String
    let fields: JSONValue

    init(fixture: ParityFixture, name: String, _ fields: JSONValue) throws {
        self.fixture = fixture
        self.name = name
        self.fields = fields
    }

    func integers(_ key: String) throws -> [Int] {
        try #require(fields[key]?.array).map { try #require($0.integer) }
    }

    func array(_ suffix: String) throws -> (shape: [Int], values: [Float]) {
        try fixture.array("\(name).\(suffix)")
    }

    var imageRanges: [Range<Int>] {
        get throws { try ranges(fields["image_ranges"]) }
    }

    var images: [PromptImage] {
        get throws {
            try #require(fields["images"]?.array).map { name in
                let file = try #require(name.string)
                let bytes = try Data(contentsOf: ParityFixture.root.appendingPathComponent("images/\(file)"))
                return PromptImage(id: file, bytes: bytes, path: file)
            }
        }
    }

    /// The messages, with pictures numbered in order.
    var messages: [ChatMessage] {
        get throws {
            var images = 0
            return try #require(fields["messages"]?.array).map { message in
                let role = try #require(ChatMessage.Role(rawValue: message["role"]?.string ?? ""))
                let parts = try #require(message["content"]?.array).map { part -> ChatMessage.Part in
                    guard part["type"] == "image" else { return .text(try #require(part["text"]?.string)) }
                    images += 1
                    return .image(images - 1)
                }
                return ChatMessage(role: role, parts: parts)
            }
        }
    }

    func prepared(_ model: VisionLanguageModel) async throws -> PreparedPrompt {
        try await PromptPreparer(model: model).prepare(messages, images: images)
    }
}

/// `[[a, b], …]` as ranges.
func ranges(_ value: JSONValue?) throws -> [Range<Int>] {
    try #require(value?.array).map { pair in
        let ends = try #require(pair.array).compactMap(\.integer)
        return ends[0]..<ends[1]
    }
}

/// A knockout as fixtures write it, over a prompt of `length` positions.
func knockout(_ edges: JSONValue, length: Int) throws -> EdgeEdit {
    EdgeEdit(
        layers: try #require(edges["layers"]?.array).compactMap(\.integer),
        receivers: PositionSet(
            length: length,
            positions: try ranges(edges["to"]).flatMap { $0 },
            generated: edges["to_generated"] == true
        ),
        sources: PositionSet(length: length, positions: try ranges(edges["from"]).flatMap { $0 }),
        heads: try #require(edges["heads"]?.array).compactMap(\.integer),
        mode: try #require(KnockoutMode(rawValue: edges["mode"]?.string ?? ""))
    )
}

/// The largest difference over the largest magnitude of the reference.
func relativeError(_ values: [Float], _ reference: [Float]) -> Float {
    precondition(values.count == reference.count, "\(values.count) values against \(reference.count)")
    let scale = reference.map(abs).max() ?? 0
    return absoluteError(values, reference) / max(scale, .leastNormalMagnitude)
}

/// The largest difference; infinite where only one is NaN.
func absoluteError(_ values: [Float], _ reference: [Float]) -> Float {
    precondition(values.count == reference.count, "\(values.count) values against \(reference.count)")
    return zip(values, reference).map { $0.isNaN || $1.isNaN ? .infinity : abs($0 - $1) }.max() ?? 0
}
