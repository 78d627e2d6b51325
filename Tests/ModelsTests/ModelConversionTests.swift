import Foundation
import Generation
import JSON
import ModelFixtures
import Models
import Tensors
import Testing
import Weights

/// A directory to convert into, removed with the last reference.
private final class Output {
    let parent: URL
    var directory: URL { parent.appendingPathComponent("converted", isDirectory: true) }
    var packed: URL { directory.appendingPathComponent(PackedCheckpoint.fileName) }

    init() throws {
        parent = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: parent) }

    @discardableResult
    func convert(_ source: URL, _ format: WeightFormat? = .bf16) throws -> ModelDescription {
        try VisionLanguageModel.convert(source, to: directory, options: options(format))
    }

    func options(_ format: WeightFormat?) -> ModelOptions {
        var options = ModelOptions()
        options.format = format
        options.threads = 1
        return options
    }

    /// Replaces the header's text by `change` of it and keeps the data where they are.
    func rewriteHeader(_ change: (String) -> String) throws {
        let bytes = try Data(contentsOf: packed)
        let length = bytes.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        var text = change(String(decoding: bytes[8..<8 + length], as: UTF8.self).trimmingCharacters(in: .whitespaces))
        text += String(repeating: " ", count: length - text.utf8.count)
        try FileManager.default.removeItem(at: packed)
        try (bytes.prefix(8) + Data(text.utf8) + bytes.dropFirst(8 + length)).write(to: packed)
    }
}

@Suite struct ModelConversionTests {
    @Test(arguments: ModelFixture.small, WeightFormat.allCases)
    func aConvertedModelComputesTheSameBits(fixture: ModelFixture, format: WeightFormat) async throws {
        let output = try Output()
        try output.convert(fixture.directory, format)
        let original = try VisionLanguageModel.load(fixture.directory, options: output.options(format))
        let converted = try VisionLanguageModel.load(output.directory, options: output.options(nil))
        #expect(converted.description.format == format)
        #expect(converted.description.parameters == original.description.parameters)
        #expect(converted.description.storedBytes == original.description.storedBytes)
        #expect(converted.description.unusedTensors == [])

        let prompt = try await original.prompt("What is this?")
        let again = try await converted.prompt("What is this?")
        #expect(prompt.ids == again.ids)
        #expect(prompt.images.map(\.values) == again.images.map(\.values))
        #expect(
            ForwardRecord(prompt, answer: [5, 6], model: original)
                == ForwardRecord(again, answer: [5, 6], model: converted)
        )
    }

    @Test func everyOtherFileComesAlong() throws {
        let source = try CopiedCheckpoint()
        try source.write(Data("x".utf8), to: "notes.txt")
        try source.write(Data("x".utf8), to: "pytorch_model.bin")
        let output = try Output()
        try output.convert(source.directory)
        let names = try Set(FileManager.default.contentsOfDirectory(atPath: output.directory.path))
        #expect(names.isSuperset(of: ["config.json", "tokenizer.json", "preprocessor_config.json", "notes.txt"]))
        #expect(names.isSuperset(of: [PackedCheckpoint.fileName, "generation_config.json", "chat_template.json"]))
        #expect(names.isDisjoint(with: ["model.safetensors", "pytorch_model.bin"]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: output.parent.path) == ["converted"])
    }

    @Test func nothingIsOverwritten() throws {
        let output = try Output()
        try FileManager.default.createDirectory(at: output.directory, withIntermediateDirectories: false)
        let error = #expect(throws: ModelError.self) { try output.convert(ModelFixture.mhaCrop.directory) }
        #expect(error?.message.contains("not overwritten") == true)
    }

    @Test func aModelThatCannotBeLoadedLeavesNothingBehind() throws {
        let source = try CopiedCheckpoint()
        try source.configure("text_config.hidden_size", 64)
        let output = try Output()
        #expect(throws: WeightsError.self) { try output.convert(source.directory) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: output.parent.path) == [])
    }

    @Test func aConvertedModelIsNotConvertedAgain() throws {
        let output = try Output()
        try output.convert(ModelFixture.mhaCrop.directory)
        let error = #expect(throws: ModelError.self) {
            try VisionLanguageModel.convert(
                output.directory,
                to: output.parent.appendingPathComponent("again"),
                options: output.options(nil)
            )
        }
        #expect(error?.message.contains("converted already") == true)
    }

    @Test func anotherFormatCannotBeHad() throws {
        let output = try Output()
        try output.convert(ModelFixture.mhaCrop.directory, .bf16)
        let error = #expect(throws: WeightsError.self) {
            try VisionLanguageModel.load(output.directory, options: output.options(.f32))
        }
        #expect(error?.code == .wrongPacking)
        #expect(error?.problem.contains("holds bf16") == true)
    }

    @Test func aConfigurationOfOtherShapesIsNoticed() throws {
        let output = try Output()
        try output.convert(ModelFixture.mhaCrop.directory)
        let file = output.directory.appendingPathComponent("config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacing("\"intermediate_size\": 56", with: "\"intermediate_size\": 48")
            .write(to: file, atomically: true, encoding: .utf8)
        let error = #expect(throws: WeightsError.self) {
            try VisionLanguageModel.load(output.directory, options: output.options(nil))
        }
        #expect(error?.code == .wrongPacking)
        #expect(error?.tensor?.hasSuffix("gate_proj.panels") == true)
    }

    @Test func anOlderPackingAsksToConvertAgain() throws {
        let output = try Output()
        try output.convert(ModelFixture.mhaCrop.directory)
        try output.rewriteHeader {
            $0.replacing("\"fovea.packing\":\"\(Linear.packingVersion)\"", with: "\"fovea.packing\":\"0\"")
        }
        let error = #expect(throws: WeightsError.self) { try PackedCheckpoint(directory: output.directory) }
        #expect(error?.code == .wrongPacking)
        #expect(error?.problem.contains("run fovea convert again") == true)
    }

    @Test(arguments: [
        ("\"fovea.version\"", "\"fovea.wersion\"", "no file that fovea convert wrote"),
        ("\"fovea.format\":\"bf16\"", "\"fovea.format\":\"bf17\"", "known are"),
        ("\"fovea.parameters\":\"", "\"fovea.parameters\":\"-", "must be a count"),
        ("\\\"inputs\\\":[32]", "\\\"inputs\\\":[64]", "bytes, found"),
        ("\\\"inputs\\\":[32]", "\\\"inputs\\\":[-1]", "does not say what was packed"),
        ("\\\"format\\\":\\\"bf16\\\"", "\\\"format\\\":\\\"zz\\\"", "does not say what was packed"),
        ("[[\\\"", "[[\\\"x", "describes"),
    ])
    func damagedMetadataIsNoticed(old: String, new: String, expected: String) throws {
        let output = try Output()
        try output.convert(ModelFixture.mhaCrop.directory)
        try output.rewriteHeader { text in
            #expect(text.contains(old))
            return text.replacing(old, with: new, maxReplacements: 1)
        }
        let error = #expect(throws: WeightsError.self) { try PackedCheckpoint(directory: output.directory) }
        #expect(error?.code == .malformed)
        #expect(error?.problem.contains(expected) == true, "\(String(describing: error))")
    }

    @Test func aFileThatWasCutOffIsNoticed() throws {
        let output = try Output()
        try output.convert(ModelFixture.mhaCrop.directory)
        let bytes = try Data(contentsOf: output.packed)
        for count in [0, 7, 100, 5000, bytes.count / 2, bytes.count - 1] {
            try FileManager.default.removeItem(at: output.packed)
            try bytes.prefix(count).write(to: output.packed)
            #expect(throws: WeightsError.self, "\(count)") { try PackedCheckpoint(directory: output.directory) }
        }
    }

    @Test func randomWeightsConvertWithoutFiles() throws {
        let source = try CopiedCheckpoint()
        try source.remove("model.safetensors")
        let output = try Output()
        let random = RandomWeights(seed: 3)
        try VisionLanguageModel.convert(
            source.directory,
            weights: random,
            to: output.directory,
            options: output.options(.bf16)
        )
        let model = try VisionLanguageModel.load(output.directory, options: output.options(nil))
        #expect(model.description.parameters == random.totals.parameters)
        let states = Matrix(rows: 1, columns: model.decoder.configuration.hiddenSize)
        model.decoder.embed([7], into: states)
        #expect(model.decoder.logits(states).row(0).allSatisfy { $0.isFinite && $0 != 0 })
    }
}
