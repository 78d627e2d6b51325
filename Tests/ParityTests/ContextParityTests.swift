import Foundation
import Generation
import JSON
import Models
import Probing
import Testing

/// Compressed contexts against transformers' cache, edited by hand; `Tests/Fixtures/contexts/README.md` describes both.
@Suite(.serialized) struct ContextParityTests {
    @Test(arguments: ["mha-crop", "gqa-pad", "features"])
    func answersOfCompressedContextsAreIdentical(fixture name: String) async throws {
        let fixture = try ParityFixture(name)
        let model = try fixture.model()
        let preparer = PromptPreparer(model: model)
        let engine = InferenceEngine(model: model)
        for (key, record) in try #require(try expected(name).object) {
            let prompt = try await fixture.prompt(key).prepared(model)
            for fields in try #require(record["cases"]?.array) {
                let request = try CompressionRequest(ProbeField(try #require(fields["compress"]), path: "compress"))
                let maxTokens = try #require(record["max_tokens"]?.integer)
                var generation = GenerationRequest(prompt: prompt, maxTokens: maxTokens)
                let compression = try ContextCompression(
                    request,
                    prompt: prompt,
                    shape: model.probeShape,
                    maxTokens: maxTokens
                )
                generation.capture = compression.capture
                generation.norms = compression.norms
                generation.keepsPromptCache = true
                let described = try #require(await engine.result(of: generation))
                let comment: Comment = "\(key), \(request)"
                #expect(described.tokens.map(\.id) == integers(record["description"]), comment)

                let context = try compression.context(of: described)
                let kept = try #require(fields["kept"]?.array).map(integers)
                #expect(context.kept == kept, comment)
                let text = request.strategy == .image ? 0 : prompt.layout.tokens.count
                #expect(context.tokensKept == text + kept[0].count, comment)

                let question = try #require(fields["question"]?.string)
                let asked = try await preparer.prompt(asking: question, after: context.prompt)
                #expect(Array(asked.ids.dropFirst(prompt.ids.count)) == integers(fields["ids"]), comment)
                var further = GenerationRequest(prompt: asked, maxTokens: 12)
                further.sharedPrefix = context.cache
                let answer = try #require(await engine.result(of: further))
                #expect(
                    answer.tokens.map(\.id) == integers(fields["tokens"]).filter { !model.endTokens.contains($0) },
                    comment
                )
            }
        }
    }

    private func expected(_ name: String) throws -> JSONValue {
        let folder = ParityFixture.root.deletingLastPathComponent().appendingPathComponent("contexts")
        return try JSONValue(parsing: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
    }

    private func integers(_ value: JSONValue?) -> [Int] { value?.array?.compactMap(\.integer) ?? [] }
}
