public import Foundation
public import Generation
public import Models
import Tensors
public import Tokenization

/// The small models that tests run on: the parity fixtures' random checkpoints, and the one that is shipped.
public enum ModelFixture: String, CaseIterable, Sendable {
    /// Multi-head attention, crop, an untied head.
    case mhaCrop = "mha-crop"
    /// Grouped-query attention, pad, a tied head, two shards, llama3 rotary scaling.
    case gqaPad = "gqa-pad"
    /// A grid of 24×24 patches, one key-value head.
    case grid24
    /// Two feature layers, the class token kept, biases everywhere.
    case features
    /// The shipped model, which has learnt something: 8 layers of 4 heads, 12×12 patches, a stored mean embedding.
    case embedded

    /// Those with few positions, for tests that run many times.
    public static let small: [ModelFixture] = [.mhaCrop, .gqaPad, .features]

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/llava")

    /// The checkpoint's directory.
    public var directory: URL {
        guard self == .embedded else { return Self.root.appendingPathComponent(rawValue) }
        return (0..<3).reduce(Self.root) { url, _ in url.deletingLastPathComponent() }
            .appendingPathComponent("Sources/fovea/EmbeddedModel")
    }

    /// Loads the checkpoint in f32.
    public func model(
        threads: Int? = nil,
        template: ChatTemplate? = nil,
        context: Int? = nil
    ) throws -> VisionLanguageModel {
        var options = ModelOptions()
        options.format = .f32
        options.threads = threads
        options.template = template
        options.context = context
        return try VisionLanguageModel.load(directory, options: options)
    }

    /// A picture of the fixtures; `field.jpg` and `tower.jpg` differ in size and content.
    public static func picture(_ name: String) throws -> PromptImage {
        let bytes = try Data(contentsOf: root.appendingPathComponent("images/\(name)"))
        return PromptImage(id: name, bytes: bytes, path: name)
    }
}

extension VisionLanguageModel {
    /// A prompt of one user turn: pictures, then words.
    public func prompt(_ text: String, pictures: [String] = ["field.jpg"]) async throws -> PreparedPrompt {
        let parts = pictures.indices.map { ChatMessage.Part.image($0) } + [.text(text)]
        return try await prompt([ChatMessage(role: .user, parts: parts)], pictures: pictures)
    }

    /// A prompt of some messages.
    public func prompt(_ messages: [ChatMessage], pictures: [String]) async throws -> PreparedPrompt {
        try await PromptPreparer(model: self).prepare(messages, images: pictures.map(ModelFixture.picture))
    }
}
