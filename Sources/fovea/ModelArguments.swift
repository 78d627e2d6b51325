import ArgumentParser
import Foundation
import Imaging
import Models
import Tensors
import Tokenization

/// The options that every command with a model shares.
struct ModelArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Model directory in the Hugging Face layout.",
            discussion: "Default: the embedded model.",
            valueName: "dir"
        )
    )
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Format of the weights: auto, f32, bf16, int8 or int4.",
            discussion: "auto takes f32 below 200 M parameters, else what is stored. int8 and int4 are made on load."
        )
    )
    var weights: String?

    @Option(help: "Chat template: auto, bare or llava_v1. auto takes the one that equals the checkpoint's own.")
    var template: String?

    @Option(help: "How pictures become square: auto, crop or pad. auto does what the checkpoint's processor says.")
    var preprocess: String?

    @Option(
        help: ArgumentHelp(
            "Worker threads.",
            discussion: "Default: the cores that the process may use.",
            valueName: "n"
        )
    )
    var threads: Int?

    @Option(
        help: ArgumentHelp("Positions of a sequence at most.", discussion: "Default: the checkpoint's.", valueName: "n")
    )
    var context: Int?

    /// Where the model lies.
    func directory() throws -> URL {
        if let path = Environment.value(model, "model") { return URL(fileURLWithPath: path, isDirectory: true) }
        return try EmbeddedModel.directory()
    }

    /// The options as the loader takes them.
    func options() throws -> ModelOptions {
        var options = ModelOptions()
        options.format = try choice(weights, "weights")
        options.template = try choice(template, "template")
        options.preprocess = try choice(preprocess, "preprocess")
        options.threads = try Environment.integer(threads, "threads", in: 1...1024)
        options.context = try Environment.integer(context, "context", in: 1...(1 << 24))
        return options
    }

    /// Loads the model, with a line of progress if that takes long.
    func load() throws -> VisionLanguageModel {
        var options = try options()
        options.progress = LoadProgressLine.make()
        return try VisionLanguageModel.load(directory(), options: options)
    }

    // MARK: - Private

    /// `nil` for `auto` and for nothing.
    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: String?,
        _ name: String
    ) throws -> Choice? where Choice.RawValue == String {
        guard let text = Environment.value(value, name), text != "auto" else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = (["auto"] + Choice.allCases.map(\.rawValue)).joined(separator: ", ")
            throw ValidationError("--\(name) is \"\(text)\"; choose one of \(choices)")
        }
        return choice
    }
}
