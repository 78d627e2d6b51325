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
    let quirks: [ReferenceQuirk] = [.laterLayers]

    private static let fromLayer = "knockout from a layer on"
    private static let exceptMiddle = "knockout everywhere but in the middle"

    func figures(_ bench: ExperimentBench) -> [Figure] {
        let middle = Sweep.middle(family: bench.model.description.family, depth: bench.depth)
        return [
            Figure(
                Self.fromLayer,
                axis: .named("first layer of the knockout"),
                measure: "object F1",
                note: "How much of the answer is left when generated tokens, the prompt's text or both cannot see the "
                    + "picture from a layer on."
            ),
            Figure(
                Self.exceptMiddle,
                axis: .bars,
                measure: "object F1",
                note: "Layers \(middle.lowerBound)–\(middle.upperBound) are left alone."
            ),
        ]
    }

    func headlines(_ bench: ExperimentBench) -> [Headline] {
        KnockoutPreset.allCases.map {
            Headline("object F1, \($0.rawValue) from layer 0", MeasurementKey(Self.fromLayer, $0.rawValue, x: 0))
        }
            + KnockoutPreset.allCases.map {
                Headline("object F1, \($0.rawValue) but in the middle", MeasurementKey(Self.exceptMiddle, $0.rawValue))
            }
    }

    func claims(_ bench: ExperimentBench) -> [Claim] {
        let last = Sweep.defaultStarts(depth: bench.depth).last ?? 0
        @Sendable func f1(_ estimates: Estimates, _ preset: KnockoutPreset, from layer: Int) -> Estimate? {
            estimates[MeasurementKey(Self.fromLayer, preset.rawValue, x: layer)]
        }
        return [
            Claim(
                "P2: the prompt's text tokens carry the picture; without it from layer 0 on they leave nothing of the answer, "
                    + "while generated tokens that cannot see it leave much."
            ) { estimates in
                guard let text = f1(estimates, .imageToText, from: 0),
                    let generated = f1(estimates, .imageToGenerated, from: 0)
                else { return nil }
                let holds = text.mean <= 0.2 && generated.mean > text.mean + 0.1
                return (holds, [("img->txt leaves", text), ("img->gen", generated)])
            },
            Claim("P2: the last layers hardly need the picture.") { estimates in
                guard let both = f1(estimates, .imageToTextAndGenerated, from: last) else { return nil }
                return (both.mean >= 0.8, [("img->txt+gen from layer \(last) leaves", both)])
            },
        ]
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        let presets = KnockoutPreset.allCases
        let knockouts = presets.map { Intervention.preset($0, layers: .all) }
        let starts = Sweep.defaultStarts(depth: bench.depth)
        let middle = Sweep.middle(family: bench.model.description.family, depth: bench.depth)
        let sweep =
            Self.fromLayer(knockouts, starts: starts, bench)
            + Sweep.exceptMiddle(knockouts, window: middle).map { ($0.name, $0.interventions) }
        let keys =
            presets.flatMap { preset in
                starts.map { MeasurementKey(Self.fromLayer, preset.rawValue, x: $0) }
            } + presets.map { MeasurementKey(Self.exceptMiddle, $0.rawValue) }
        let outcome = try await bench.study(
            try await bench.description(of: picture),
            sweep
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

    // MARK: - Private

    /// Each knockout from each start on; as released code has it, from the layer behind it.
    private static func fromLayer(
        _ knockouts: [Intervention],
        starts: [Int],
        _ bench: ExperimentBench
    ) -> [(name: String, interventions: [Intervention])] {
        guard bench.settings.quirks.contains(.laterLayers) else {
            return Sweep.fromLayer(knockouts, starts: starts, depth: bench.depth).map { ($0.name, $0.interventions) }
        }
        return knockouts.flatMap { knockout in
            starts.map { start in
                let isCut = start + 1 < bench.depth
                return ("\(knockout.name)@>\(start)", isCut ? [knockout.limited(to: .from(start + 1))] : [])
            }
        }
    }
}
