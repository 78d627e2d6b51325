import Generation
import JSON
import Models
import Probing

/// P1: from which layers the last position reads an object, and by which way.
struct ObjectReadoutExperiment: Experiment {
    let name = "object-readout"
    let summary =
        "One object a picture, as in object-ablation, and a forced answer about it. Six edges of attention are cut in six "
        + "windows of layers, P1's 36 conditions: the share of right answers that become wrong, and how the right "
        + "token's log-probability moves (P1)."
    let quirks: [ReferenceQuirk] = [.floorGrid]

    private static let flips = "flip rate"
    private static let shift = "log-probability of the class"
    private static let windows = ["early", "early-mid", "mid", "mid-late", "late", "all"]

    func figures(_ bench: ExperimentBench) -> [Figure] {
        [
            Figure(
                Self.flips,
                axis: .words("layers cut", Self.windows),
                measure: "share of right answers that become wrong",
                note: "P1 finds that the last position reads the object in the mid-late layers."
            ),
            Figure(
                Self.shift,
                axis: .words("layers cut", Self.windows),
                measure: "Δ log-probability",
                isShare: false,
                note: "How the right token's chance moves, whether the answer was right or not."
            ),
        ]
    }

    func headlines(_ bench: ExperimentBench) -> [Headline] {
        ["mid-late", "late", "all"].compactMap { window in
            Self.windows.firstIndex(of: window).map {
                Headline(
                    "flip rate, object->last cut in layers: \(window)",
                    MeasurementKey(Self.flips, "object->last", x: $0)
                )
            }
        }
    }

    func claims(_ bench: ExperimentBench) -> [Claim] {
        [
            Claim("P1: the last position reads the object in the mid-late layers.") { estimates in
                let windows = Self.windows.enumerated().filter { $0.element != "all" }.compactMap { index, name in
                    estimates[MeasurementKey(Self.flips, "object->last", x: index)].map { (name, $0) }
                }
                guard let most = windows.max(by: { $0.1.mean < $1.1.mean }) else { return nil }
                return (most.0 == "mid-late", [("the window that costs most is \(most.0),", most.1)])
            }
        ]
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        var findings = Findings()
        guard let question = try await ObjectQuestion.drawn(from: picture, on: bench) else {
            findings.details = ["skipped": .string(ObjectQuestion.missing)]
            return findings
        }
        let className = question.object.annotation.className
        let messages = question.messages(.vqa, prompt: bench.settings.prompt)
        let request = try await bench.request(messages, about: picture, maxTokens: 0)
        let patches = question.patches(in: request.prompt.layout, bench.settings.quirks)
        // An object that fills the picture leaves nothing of it to cut.
        let sweep = Sweep.objectReadout(object: patches).filter { variant in
            (try? bench.resolve(variant.interventions, on: request.prompt)) != nil
        }
        let outcome = try await bench.study(request, sweep.map { ($0.name, $0.interventions) })
        let task = bench.task(.vqa, about: question.object)
        let isRight = task.isCorrect(outcome.baseline, tokenizer: bench.model.tokenizer)
        let target = try await bench.firstToken(of: className, in: messages)
        for (variant, run) in zip(sweep, outcome.variants) {
            let parts = variant.name.split(separator: "@", maxSplits: 1).map(String.init)
            guard parts.count == 2, let window = Self.windows.firstIndex(of: parts[1]) else { continue }
            if isRight {
                let isFlipped = !task.isCorrect(run, tokenizer: bench.model.tokenizer)
                findings.measurements.add(isFlipped, to: MeasurementKey(Self.flips, parts[0], x: window))
            }
            guard let target else { continue }
            let change = RunComparison(run, with: outcome.baseline, targets: [target]).deltaLogProbability[0]
            if change.isFinite {
                findings.measurements.add(change, to: MeasurementKey(Self.shift, parts[0], x: window))
            }
        }
        findings.details = [
            "object": .integer(question.object.id), "class": .string(className), "right": .bool(isRight),
        ]
        return findings
    }
}
