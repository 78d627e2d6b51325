import ArgumentParser
import Benchmarking
import Foundation
import Models
import Tensors
import Weights

/// `fovea convert`.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Quantises and packs a model's weights once, into a directory that starts at once.",
        discussion: """
            The new directory holds the packed weights and every other file of the model, and is given to --model like
            any other. It is mapped into memory as it is: nothing is read or packed at start, and several processes
            share one copy. Answers are the same, bit for bit, as the original's with the same --weights. Try it:

              fovea convert --model ~/models/llava-1.5-7b-hf --weights int8 --out ~/models/llava-1.5-7b-int8
              fovea serve --model ~/models/llava-1.5-7b-int8

            The directory appears when it is complete; one that exists is not overwritten. Convert again after an update
            of Fovea that says so.
            """
    )

    @OptionGroup var modelArguments: ModelArguments

    @Option(help: ArgumentHelp("Directory to write; it must not exist.", valueName: "dir"))
    var out: String

    @Option(
        help: ArgumentHelp(
            "Instead of a model, random weights of a shape as fovea bench has them, to measure with.",
            valueName: "name"
        )
    )
    var shape: String?

    func validate() throws {
        try BenchmarkShape.check(shape, excluding: modelArguments.model)
    }

    func run() throws {
        let output = URL(fileURLWithPath: out, isDirectory: true).standardizedFileURL
        var options = try modelArguments.options()
        options.progress = LoadProgressLine.make()
        let start = ContinuousClock.now
        let files = try shape.flatMap(BenchmarkShape.init).map(ShapeDirectory.init)
        let description = try VisionLanguageModel.convert(
            files?.url ?? modelArguments.directory(),
            weights: files.map { _ in RandomWeights() },
            to: output,
            options: options
        )
        let seconds = String(format: "%.1f", (ContinuousClock.now - start) / .seconds(1))
        print("\(output.path): \(description.parameters) parameters as \(description.format.rawValue) in \(seconds) s")
    }
}
