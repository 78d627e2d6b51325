import ArgumentParser
import Foundation
import Generation
import Imaging
import Models
import Tensors
import Tokenization

/// `fovea inspect`.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Describes a model directory: family, shapes, bytes, and the token spans of a prompt.",
        discussion: """
            Try it:
              fovea inspect --model ~/models/llava-1.5-7b-hf
              fovea inspect --image cat.jpg --prompt "Is there a cat in this image?"
            """
    )

    @OptionGroup var modelArguments: ModelArguments

    @Option(help: ArgumentHelp("Prompt whose token spans are printed.", valueName: "text"))
    var prompt = "describe the image"

    @Option(help: ArgumentHelp("Picture of that prompt; without one the prompt is text only.", valueName: "file"))
    var image: [String] = []

    func run() async throws {
        let model = try modelArguments.load()
        for (name, value) in facts(model) {
            print("\(name.padding(toLength: 18, withPad: " ", startingAt: 0))\(value)")
        }
        let pictures = try image.map { path in
            guard let bytes = FileManager.default.contents(atPath: path) else {
                throw ValidationError("--image \(path) cannot be read; is the path right?")
            }
            return PromptImage(id: path, bytes: bytes, path: path)
        }
        let message = ChatMessage(role: .user, parts: image.indices.map { .image($0) } + [.text(prompt)])
        let layout = try await PromptPreparer(model: model).outline([message], images: pictures).prompt.layout
        print("\nprompt of \(layout.length) positions")
        for name in PromptLayout.spanNames {
            let spans = layout.ranges(named: name).map { "[\($0.lowerBound), \($0.upperBound))" }
            if !spans.isEmpty {
                print("  \(name.padding(toLength: 12, withPad: " ", startingAt: 0))\(spans.joined(separator: " "))")
            }
        }
    }

    // MARK: - Private

    private func facts(_ model: VisionLanguageModel) -> [(String, String)] {
        let text = model.decoder.configuration
        let about = model.description
        let packed = model.decoder.byteCount + model.vision.byteCount
        var facts = [
            ("name", about.name),
            ("family", about.family),
            ("parameters", "\(about.parameters)"),
            ("stored", "\(about.storedBytes) bytes"),
            ("packed", "\(packed) bytes as \(about.format.rawValue)"),
            (
                "decoder",
                "\(text.layers) layers, \(text.heads) heads (\(text.keyValueHeads) for keys and values) of \(text.headDim)"
            ),
            ("hidden", "\(text.hiddenSize), MLP \(text.intermediateSize)"),
            ("vocabulary", "\(text.vocabularySize)"),
            ("image tokens", "\(model.vision.standardTokenCount)"),
            ("pictures", model.preprocessor.preprocess.rawValue),
            ("template", model.template.rawValue),
            ("context", "\(model.contextLength)"),
        ]
        if let notice = about.notice { facts.append(("notice", notice)) }
        for name in about.unusedTensors.prefix(10) { facts.append(("unused tensor", name)) }
        return facts
    }
}
