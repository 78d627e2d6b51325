import ArgumentParser
import Experiments
import Foundation

/// `fovea experiment`.
struct ExperimentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Runs an experiment of the papers, or all, over a folder of annotated pictures, and writes a report.",
        discussion: """
            Try it, on the examples that ship with Fovea:

              fovea experiment all --images public/examples \\
                  --annotations public/examples/annotations.json --out /tmp/experiments

            Annotations are COCO's: images, annotations with bbox and segmentation, categories. reprompt takes none, but a \
            directory in MME's layout. The directory gets items.jsonl with one line for each finished picture, \
            summary.csv, and report.html with plots; with all, each experiment has one of its own below, and report.html \
            shows them together.

            Ctrl-C, or the loss of the machine, costs the picture under way at most: the same command goes on after the \
            last finished one. Run it once more when all are done, and the report is made again from the lines. A \
            directory belongs to one experiment, model and settings.

            Experiments (P1: arXiv 2410.07149, P2: arXiv 2411.17491):


            """
                + ExperimentCatalog.all.map { "\($0.name): \($0.summary)" }.joined(separator: "\n\n")
                + "\n\n\(ExperimentPlan.all): All of them, one after the other; reprompt if there is --mme."
    )

    @OptionGroup var modelArguments: ModelArguments

    @OptionGroup var plan: ExperimentPlan

    @OptionGroup var choices: ExperimentChoices

    func validate() throws {
        try plan.check()
        _ = try choices.settings()
    }

    func run() async throws {
        let (parts, leftOut) = try plan.parts()
        let bench = ExperimentBench(model: try modelArguments.load(), settings: try choices.settings())
        let out = URL(fileURLWithPath: plan.out, isDirectory: true)
        let line = ExperimentProgressLine()
        if plan.name == ExperimentPlan.all {
            let set = try ExperimentSet(parts, leftOut: leftOut, on: bench, out: out, limit: plan.limit)
            let page = try await set.run(line.show)
            line.end()
            return print(page.path)
        }
        for part in parts {
            let runner = try ExperimentRunner(
                part.experiment,
                on: bench,
                dataset: part.dataset,
                images: part.images,
                out: out,
                limit: plan.limit
            )
            try await runner.run { line.show(part.experiment.name, $0) }
            line.end()
            print(runner.page.path)
        }
    }
}
