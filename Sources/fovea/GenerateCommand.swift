import ArgumentParser
import Foundation
import Generation
import Models
import Tokenization

/// `fovea generate`.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Answers one prompt on the command line.",
        discussion: """
            Try it:
              fovea generate --image cat.jpg "describe the image"
              fovea generate --image a.png --image b.png --temperature 0.7 "what changed?"
            """
    )

    @OptionGroup var modelArguments: ModelArguments

    @Argument(help: "The question.")
    var prompt: String

    @Option(help: ArgumentHelp("A JPEG, PNG or WebP file; repeat for several.", valueName: "file"))
    var image: [String] = []

    @Option(help: ArgumentHelp("A system message.", valueName: "text"))
    var system: String?

    @Option(
        help: ArgumentHelp("Tokens to produce at most. Default: what the context leaves, at most 1024.", valueName: "n")
    )
    var maxTokens: Int?

    @Option(help: "0 always takes the likeliest token.")
    var temperature: Double = 0

    @Option(help: "Keep the k likeliest tokens; 0 keeps all.")
    var topK = 0

    @Option(help: "Keep the likeliest tokens that together reach this probability.")
    var topP: Double = 1

    @Option(help: "Drop tokens below this share of the likeliest one's probability.")
    var minP: Double = 0

    @Option(help: "Seed of the draw.")
    var seed: UInt64?

    @Option(help: ArgumentHelp("End the answer before this text; repeat for several.", valueName: "text"))
    var stop: [String] = []

    func validate() throws {
        guard temperature >= 0 else {
            throw ValidationError("--temperature is \(temperature); it must not be negative")
        }
        guard topK >= 0 else { throw ValidationError("--top-k is \(topK); it must not be negative") }
        guard (0...1).contains(topP) else { throw ValidationError("--top-p is \(topP); it must lie in 0…1") }
        guard (0...1).contains(minP) else { throw ValidationError("--min-p is \(minP); it must lie in 0…1") }
        if let maxTokens, maxTokens < 0 {
            throw ValidationError("--max-tokens is \(maxTokens); it must not be negative")
        }
    }

    func run() async throws {
        let model = try modelArguments.load()
        if let notice = model.description.notice { report("note: \(notice)") }
        let preparer = PromptPreparer(model: model)
        let prepared = try await preparer.prepare(try messages(), images: try images())
        var request = GenerationRequest(
            prompt: prepared,
            maxTokens: try preparer.tokenLimit(prepared, requested: maxTokens)
        )
        request.sampling.temperature = temperature
        request.sampling.topK = topK
        request.sampling.topP = topP
        request.sampling.minP = minP
        request.sampling.seed = seed
        request.stop = stop
        for await event in InferenceEngine(model: model).generate(request) {
            switch event {
            case .token(_, let text, _): write(text)
            case .reading: continue
            case .finished(let result, let text):
                write(text + "\n")
                report(summary(result, promptTokens: prepared.layout.length))
            }
        }
    }

    // MARK: - Private

    private func messages() throws -> [ChatMessage] {
        let user = ChatMessage(role: .user, parts: image.indices.map { .image($0) } + [.text(prompt)])
        return (system.map { [ChatMessage(role: .system, parts: [.text($0)])] } ?? []) + [user]
    }

    private func images() throws -> [PromptImage] {
        try image.map { path in
            guard let bytes = FileManager.default.contents(atPath: path) else {
                throw ValidationError("--image \(path) cannot be read; is the path right?")
            }
            return PromptImage(id: path, bytes: bytes, path: path)
        }
    }

    private func write(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    private func report(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    private func summary(_ result: GenerationResult, promptTokens: Int) -> String {
        let decode = String(format: "%.2f", result.decodeSeconds)
        return String(format: "%d prompt tokens in %.2f s, ", promptTokens, result.promptSeconds)
            + "\(result.tokens.count) answer tokens in \(decode) s, \(result.finishReason.rawValue)"
    }
}
