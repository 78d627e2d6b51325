import Foundation
import Generation
import ModelFixtures
import Models
import Tensors
import Testing
import Tokenization

/// The embedded model, loaded in each format.
@Suite struct WeightFormatTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func load(_ format: WeightFormat) throws -> VisionLanguageModel {
        var options = ModelOptions()
        options.format = format
        return try VisionLanguageModel.load(
            root.appendingPathComponent("Sources/fovea/EmbeddedModel"),
            options: options
        )
    }

    /// Greedy descriptions of the viewer's first examples.
    private static func descriptions(_ model: VisionLanguageModel) async throws -> [[Int]] {
        let engine = InferenceEngine(model: model)
        var answers: [[Int]] = []
        for name in ["scene-01.png", "scene-02.png", "scene-04.png", "scene-07.png"] {
            let bytes = try Data(contentsOf: root.appendingPathComponent("public/examples/\(name)"))
            let prompt = try await PromptPreparer(model: model).prepare(
                [ChatMessage(role: .user, parts: [.image(0), .text("Describe the image.")])],
                images: [PromptImage(id: name, bytes: bytes, path: name)]
            )
            let result = try #require(await engine.result(of: GenerationRequest(prompt: prompt, maxTokens: 48)))
            answers.append(result.tokens.map(\.id))
        }
        return answers
    }

    /// Tokens that two answers share, over the longer one's.
    private static func overlap(_ a: [Int], _ b: [Int]) -> Double {
        var rest = b
        let shared = a.filter { token in
            guard let index = rest.firstIndex(of: token) else { return false }
            rest.remove(at: index)
            return true
        }
        return Double(shared.count) / Double(max(a.count, b.count, 1))
    }

    @Test(arguments: [(WeightFormat.bf16, 0.9), (.int8, 0.9), (.int4, 0.7)])
    func aDescriptionStaysCloseToThatInF32(format: WeightFormat, least: Double) async throws {
        let model = try Self.load(format)
        #expect(model.description.format == format)
        let found = try await Self.descriptions(model)
        let exact = try await Self.descriptions(Self.load(.f32))
        #expect(exact.allSatisfy { $0.count > 3 })
        let shares = zip(found, exact).map(Self.overlap)
        #expect(shares.reduce(0, +) / Double(shares.count) >= least, "\(shares)")
    }

    @Test func fewerBitsTakeLessMemory() throws {
        let sizes = try WeightFormat.allCases.map { try Self.load($0).decoder.byteCount }
        #expect(sizes == sizes.sorted(by: >))
    }
}
