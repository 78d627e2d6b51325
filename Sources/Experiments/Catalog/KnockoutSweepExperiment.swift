import Generation
import JSON
import Models
import Probing

/// P2: what is left of a description when text or answer cannot see the picture from some layer on.
struct KnockoutSweepExperiment: Experiment {
    let name = "knockout-sweep"
    let summary =
        "Object F1, by the lexical judge, of descriptions under P2's three knockouts against the answer without them: "
        + "from each of eight layers on, and everywhere but in the middle layers (P2)."

    private static let fromLayer = "knockout from a layer on"
    private static let exceptMiddle = "knockout everywhere but in the middle"

    func figures(_ bench: ExperimentBench) -> [Figure] {
        let middle = Sweep.middle(family: bench.model.description.family, depth: bench.depth)
        return [
            Figure(Self.fromLayer, axis: .named("first layer of the knockout"), measure: "object F1"),
            Figure(
                Self.exceptMiddle,
                axis: .bars,
                measure: "object F1",
                note: "Layers \(middle.lowerBound)–\(middle.upperBound) are left alone."
            ),
        ]
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        let presets = KnockoutPreset.allCases
        let knockouts = presets.map { Intervention.preset($0, layers: .all) }
        let starts = Sweep.defaultStarts(depth: bench.depth)
        let middle = Sweep.middle(family: bench.model.description.family, depth: bench.depth)
        let sweep =
            Sweep.fromLayer(knockouts, starts: starts, depth: bench.depth)
            + Sweep.exceptMiddle(knockouts, window: middle)
        let keys =
            presets.flatMap { preset in
                starts.map { MeasurementKey(Self.fromLayer, preset.rawValue, x: $0) }
            } + presets.map { MeasurementKey(Self.exceptMiddle, $0.rawValue) }
        let outcome = try await bench.study(
            try await bench.description(of: picture),
            sweep.map { ($0.name, $0.interventions) }
        )
        let judge = LexicalJudge()
        var findings = Findings()
        var answers: [String: JSONValue] = [:]
        for ((key, variant), run) in zip(zip(keys, sweep), outcome.variants) {
            let judgement = judge.judge(reference: outcome.baseline.text, candidate: run.text)
            findings.measurements.add(judgement.f1, to: key)
            answers[variant.name] = .string(run.text)
        }
        findings.details = ["answer": .string(outcome.baseline.text), "variants": .object(answers)]
        return findings
    }
}
