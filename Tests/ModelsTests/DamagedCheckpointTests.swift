import Foundation
import Generation
import ModelFixtures
import Models
import Probing
import Testing
import Weights

/// Whatever a directory holds, loading it gives an error or a model that answers.
@Suite(.serialized) struct DamagedCheckpointTests {
    private static let files = [
        "config.json", "tokenizer.json", "preprocessor_config.json", "generation_config.json", "model.safetensors",
    ]

    @Test func aDirectoryWithoutFilesIsAnErrorThatSaysWhatIsMissing() throws {
        let checkpoint = try CopiedCheckpoint()
        for name in try FileManager.default.contentsOfDirectory(atPath: checkpoint.directory.path) {
            try checkpoint.remove(name)
        }
        let error = #expect(throws: ModelError.self) { try checkpoint.load() }
        #expect(error?.message.contains("config.json") == true)
        #expect(throws: (any Error).self) {
            try VisionLanguageModel.load(checkpoint.directory.appendingPathComponent("nowhere"))
        }
    }

    @Test(arguments: ["config.json", "tokenizer.json", "model.safetensors"])
    func aMissingFileIsNamed(name: String) throws {
        let checkpoint = try CopiedCheckpoint()
        try checkpoint.remove(name)
        let error = #expect(throws: (any Error).self) { try checkpoint.load() }
        #expect(error.map { "\($0)".contains(name.replacingOccurrences(of: "model.", with: "")) } == true)
    }

    @Test(arguments: files)
    func truncatedFilesAreErrorsOrStillAnswer(name: String) async throws {
        let checkpoint = try CopiedCheckpoint()
        let whole = try checkpoint.data(name)
        var generator = SplitMix64(seed: 6)
        let lengths =
            [0, 1, 7, 8, 9, whole.count / 2, whole.count - 1]
            + (0..<8).map { _ in Int.random(in: 0..<whole.count, using: &generator) }
        for length in lengths {
            try checkpoint.write(whole.prefix(length), to: name)
            try await survive(checkpoint, "\(name) cut to \(length) of \(whole.count)")
        }
    }

    @Test(arguments: files)
    func flippedBitsAreErrorsOrStillAnswer(name: String) async throws {
        let checkpoint = try CopiedCheckpoint()
        let whole = try checkpoint.data(name)
        var generator = SplitMix64(seed: 60)
        for trial in 0..<60 {
            var damaged = whole
            // Safetensors' first bytes are its structure; the rest is numbers.
            let reach = trial % 3 == 0 ? whole.count : min(whole.count, 12_000)
            for _ in 0...trial % 3 {
                damaged[Int.random(in: 0..<reach, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            try checkpoint.write(damaged, to: name)
            try await survive(checkpoint, "\(name), flip \(trial)")
        }
    }

    @Test(arguments: files)
    func replacedNumbersAreErrorsOrStillAnswer(name: String) async throws {
        guard name.hasSuffix(".json") else { return }
        let checkpoint = try CopiedCheckpoint()
        let text = try #require(String(data: checkpoint.data(name), encoding: .utf8))
        let numbers = text.matches(of: #/-?\b\d+(\.\d+)?\b/#).map(\.range)
        var generator = SplitMix64(seed: 61)
        for value in ["0", "-1", "1", "3", "99999999999999999999", "1e308", "-1e-308", "null", "\"x\"", "[]", "true"] {
            for _ in 0..<4 {
                let range = try #require(numbers.randomElement(using: &generator))
                try checkpoint.write(Data(text.replacingCharacters(in: range, with: value).utf8), to: name)
                try await survive(checkpoint, "\(name), a number became \(value)")
            }
        }
    }

    @Test func weightsThatAreNoNumbersStillAnswer() async throws {
        let checkpoint = try CopiedCheckpoint()
        var data = try checkpoint.data("model.safetensors")
        for index in data.count / 2..<data.count { data[index] = 0xFF }
        try checkpoint.write(data, to: "model.safetensors")
        try await survive(checkpoint, "NaN weights")
    }

    /// An error that says something, or a model whose prompt and first tokens can be had.
    private func survive(_ checkpoint: CopiedCheckpoint, _ comment: String) async throws {
        let model: VisionLanguageModel
        do { model = try checkpoint.load() } catch {
            #expect(!"\(error)".isEmpty, "\(comment)")
            return
        }
        let prompt: PreparedPrompt
        do { prompt = try await model.prompt("Is it a car?") } catch {
            #expect(!"\(error)".isEmpty, "\(comment)")
            return
        }
        let result = await InferenceEngine(model: model).result(of: GenerationRequest(prompt: prompt, maxTokens: 1))
        #expect(result != nil, "\(comment)")
    }
}
