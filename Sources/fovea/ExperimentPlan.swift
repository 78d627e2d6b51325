import ArgumentParser
import Experiments
import Foundation

/// Which experiments run over which pictures.
struct ExperimentPlan: ParsableArguments {
    /// What stands for all experiments.
    static let all = "all"

    @Argument(help: "Which experiment, or all; see above.")
    var name: String

    @Option(help: ArgumentHelp("Directory of the pictures.", valueName: "dir"))
    var images: String?

    @Option(help: ArgumentHelp("COCO's annotations of these pictures.", valueName: "file"))
    var annotations: String?

    @Option(
        help: ArgumentHelp(
            "Questions and pictures in MME's layout, for reprompt.",
            discussion:
                "A directory for each task; in it NAME.txt beside each picture NAME, with two lines: a question, a "
                + "tab, Yes or No. Default: for reprompt alone --images.",
            valueName: "dir"
        )
    )
    var mme: String?

    @Option(help: ArgumentHelp("Directory of the results; it is made, or gone on with.", valueName: "dir"))
    var out: String

    @Option(help: ArgumentHelp("Pictures to take at most, from the first on. Default: all.", valueName: "n"))
    var limit: Int?

    /// Refuses what could not be run, before the model is loaded.
    func check() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it must be positive") }
        for experiment in try experiments() {
            switch experiment.dataset {
            case .objects:
                guard images != nil else {
                    throw ValidationError("--images is missing; \(experiment.name) needs pictures")
                }
                guard annotations != nil else {
                    throw ValidationError("--annotations is missing; \(experiment.name) needs COCO's annotations")
                }
            case .questions:
                guard name == Self.all || mme ?? images != nil else {
                    throw ValidationError("--mme is missing; \(experiment.name) needs questions in MME's layout")
                }
            }
        }
    }

    /// What is to be run over what, and what of all is left out and why.
    func parts() throws -> (parts: [ExperimentSet.Part], leftOut: [(name: String, reason: String)]) {
        let pictures = try annotations.map { try CocoReader.read(URL(fileURLWithPath: $0)) }
        let questions = name == Self.all ? mme : mme ?? images
        var parts: [ExperimentSet.Part] = []
        var leftOut: [(name: String, reason: String)] = []
        for experiment in try experiments() {
            switch experiment.dataset {
            case .objects:
                guard let pictures, let images else { continue }
                let directory = URL(fileURLWithPath: images, isDirectory: true)
                parts.append(ExperimentSet.Part(experiment, over: pictures, images: directory))
            case .questions:
                guard let questions else {
                    leftOut.append((experiment.name, "which needs questions in MME's layout (--mme)"))
                    continue
                }
                let directory = URL(fileURLWithPath: questions, isDirectory: true)
                parts.append(ExperimentSet.Part(experiment, over: try MMEReader.read(directory), images: directory))
            }
        }
        return (parts, leftOut)
    }

    // MARK: - Private

    private func experiments() throws -> [any Experiment] {
        guard name != Self.all else { return ExperimentCatalog.all }
        do { return [try ExperimentCatalog.named(name)] } catch { throw ValidationError("\(error), and all") }
    }
}
