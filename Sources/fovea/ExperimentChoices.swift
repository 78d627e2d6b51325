import ArgumentParser
import Experiments

/// What a user decides about experiments.
struct ExperimentChoices: ParsableArguments {
    @Option(help: ArgumentHelp("What the model is asked to do where no object is asked about.", valueName: "text"))
    var prompt = ExperimentSettings().prompt

    @Option(help: ArgumentHelp("Tokens of an answer, if the context leaves as many.", valueName: "n"))
    var maxTokens = ExperimentSettings().maxTokens

    @Option(help: "Seed of what is drawn: objects, random tokens, noise.")
    var seed = ExperimentSettings().seed

    @Option(help: "What ablated tokens become: mean, zero or image_mean.")
    var replace = ExperimentSettings().replacement.rawValue

    @Option(
        help: ArgumentHelp(
            "Steps of the integrated gradients that choose tokens in object-ablation.",
            discussion: "0 leaves these sets out.",
            valueName: "n"
        )
    )
    var gradientSteps = ExperimentSettings().gradientSteps

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
            discussion:
                "paper stands for --object-area 1000-2000 --max-objects 5 --noise-control (P1), each of which may "
                + "be given beside it.",
            valueName: "all|paper"
        )
    )
    var objects = "all"

    @Option(help: ArgumentHelp("Square pixels that an object to ask about covers.", valueName: "low-high"))
    var objectArea: String?

    @Option(help: ArgumentHelp("Objects at most in a picture to ask about.", valueName: "n"))
    var maxObjects: Int?

    @Flag(
        help: ArgumentHelp(
            "Ask about an object only if the description names it, and does not when its pixels are noise."
        )
    )
    var noiseControl = false

    @Option(
        help: ArgumentHelp(
            "reference: do as the code that was released with the papers does.",
            discussion: "Its quirks move numbers; the report names those that it reproduces. Default: none of them.",
            valueName: "none|reference"
        )
    )
    var compat = "none"

    /// The choices as experiments take them.
    func settings() throws -> ExperimentSettings {
        guard maxTokens > 0 else { throw ValidationError("--max-tokens is \(maxTokens); it must be positive") }
        guard (0...1000).contains(gradientSteps) else {
            throw ValidationError("--gradient-steps is \(gradientSteps); it must lie in 0…1000")
        }
        if let dilatePx, !(0...100_000).contains(dilatePx) {
            throw ValidationError("--dilate-px is \(dilatePx); it must lie in 0…100000")
        }
        var settings = ExperimentSettings()
        settings.prompt = prompt
        settings.maxTokens = maxTokens
        settings.seed = seed
        settings.dilation = dilatePx
        settings.gradientSteps = gradientSteps
        settings.replacement = try choice("replace", replace)
        let isPaper = try choice("objects", objects) as Selection == .paper
        settings.filter = try filter(isPaper ? ObjectFilter() : .all)
        settings.controlsNoise = isPaper || noiseControl
        settings.quirks =
            try choice("compat", compat) as Compatibility == .reference ? Set(ReferenceQuirk.allCases) : []
        return settings
    }

    // MARK: - Private

    private enum Selection: String, CaseIterable {
        case all
        case paper
    }

    private enum Compatibility: String, CaseIterable {
        case none
        case reference
    }

    private func filter(_ known: ObjectFilter) throws -> ObjectFilter {
        var filter = known
        if let maxObjects {
            guard maxObjects > 0 else { throw ValidationError("--max-objects is \(maxObjects); it must be positive") }
            filter.maximumObjects = maxObjects
        }
        if let objectArea {
            let ends = objectArea.split(separator: "-", omittingEmptySubsequences: false).map { Double($0) }
            guard ends.count == 2, let low = ends[0], let high = ends[1], 0 <= low, low <= high, high.isFinite else {
                throw ValidationError("--object-area is \"\(objectArea)\"; write two numbers, as in 1000-2000")
            }
            filter.area = low...high
        }
        return filter
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        _ text: String
    ) throws -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--\(name) is \"\(text)\"; choose one of \(choices)")
        }
        return choice
    }
}
