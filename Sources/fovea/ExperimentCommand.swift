import ArgumentParser
import Experiments
import Foundation

/// `fovea experiment`.
struct ExperimentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Runs an experiment of the papers over a folder of annotated pictures, and writes a report.",
        discussion: """
            Try it, on the examples that ship with Fovea:

              fovea experiment knockout-sweep --images public/examples \\
                  --annotations public/examples/annotations.json --out /tmp/knockouts

            Annotations are COCO's: images, annotations with bbox and segmentation, categories. The directory gets
            items.jsonl with one line for each finished picture, summary.csv, and report.html with plots.

            Ctrl-C, or the loss of the machine, costs the picture under way at most: the same command goes on after the
            last finished one. Run it once more when all are done, and the report is made again from the lines. A
            directory belongs to one experiment, model and settings.

            Experiments (P1: arXiv 2410.07149, P2: arXiv 2411.17491):


            """ + ExperimentCatalog.all.map { "  \($0.name)\n    \($0.summary)" }.joined(separator: "\n")
    )

    @OptionGroup var modelArguments: ModelArguments

    @Argument(help: "Which experiment; see above.")
    var name: String

    @Option(help: ArgumentHelp("Directory of the pictures.", valueName: "dir"))
    var images: String

    @Option(help: ArgumentHelp("COCO's annotations of these pictures.", valueName: "file"))
    var annotations: String

    @Option(help: ArgumentHelp("Directory of the results; it is made, or gone on with.", valueName: "dir"))
    var out: String

    @Option(help: ArgumentHelp("Pictures to take at most, from the first on. Default: all.", valueName: "n"))
    var limit: Int?

    @Option(help: ArgumentHelp("What the model is asked to do where no object is asked about.", valueName: "text"))
    var prompt = ExperimentSettings().prompt

    @Option(help: ArgumentHelp("Tokens of an answer, if the context leaves as many.", valueName: "n"))
    var maxTokens = ExperimentSettings().maxTokens

    @Option(help: "Seed of what is drawn: objects, random tokens.")
    var seed = ExperimentSettings().seed

    @Option(help: "What ablated tokens become: mean, zero or image_mean.")
    var replace = ExperimentSettings().replacement.rawValue

    @Option(
        help: ArgumentHelp(
            "Pixels that a peak may miss an object by, in localization.",
            discussion: "Default: the width of a patch, which the 40 of the paper are about.",
            valueName: "pixels"
        )
    )
    var dilatePx: Double?

    @Option(
        help: ArgumentHelp(
            "Objects to ask about: all that are alone of their class, or the paper's selection.",
            discussion: "paper: 1000 to 2000 square pixels, in pictures of at most five objects (P1).",
            valueName: "all|paper"
        )
    )
    var objects = "all"

    func validate() throws {
        do { _ = try ExperimentCatalog.named(name) } catch { throw ValidationError("\(error)") }
        if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it must be positive") }
        guard maxTokens > 0 else { throw ValidationError("--max-tokens is \(maxTokens); it must be positive") }
        if let dilatePx, !(0...100_000).contains(dilatePx) {
            throw ValidationError("--dilate-px is \(dilatePx); it must lie in 0…100000")
        }
        _ = try settings()
    }

    func run() async throws {
        let experiment = try ExperimentCatalog.named(name)
        let dataset = try CocoReader.read(URL(fileURLWithPath: annotations))
        let runner = try ExperimentRunner(
            experiment,
            on: ExperimentBench(model: modelArguments.load(), settings: settings()),
            dataset: dataset,
            images: URL(fileURLWithPath: images, isDirectory: true),
            out: URL(fileURLWithPath: out, isDirectory: true),
            limit: limit
        )
        let line = ExperimentProgressLine(name)
        let report = try await runner.run(line.show)
        line.end()
        print(report.path)
    }

    // MARK: - Private

    private func settings() throws -> ExperimentSettings {
        var settings = ExperimentSettings()
        settings.prompt = prompt
        settings.maxTokens = maxTokens
        settings.seed = seed
        settings.dilation = dilatePx
        guard let replacement = ExperimentSettings.Replacement(rawValue: replace) else {
            throw ValidationError("--replace is \"\(replace)\"; choose one of mean, zero, image_mean")
        }
        settings.replacement = replacement
        guard ["all", "paper"].contains(objects) else {
            throw ValidationError("--objects is \"\(objects)\"; choose one of all, paper")
        }
        settings.filter = objects == "paper" ? ObjectFilter() : nil
        return settings
    }
}
