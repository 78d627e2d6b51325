import Generation
import JSON
import Models
import Probing

/// P2: how few image tokens a description needs.
struct TopKCurveExperiment: Experiment {
    let name = "top-k-curve"
    let summary =
        "Object F1, by the lexical judge, of descriptions whose tokens see, in each layer, only the K % of image tokens "
        + "that the whole answer attended to most there, against the answer that sees all (P2)."

    private static let curve = "answer sees only the most attended image tokens"
    /// P2's shares, in percent.
    private static let percents = [1, 2, 5, 10, 20, 30, 40, 50, 90]

    func figures(_ bench: ExperimentBench) -> [Figure] {
        [
            Figure(
                Self.curve,
                axis: .named("image tokens kept, %"),
                measure: "object F1",
                note: "A curve that rises early says that few tokens of the picture carry the description."
            )
        ]
    }

    func headlines(_ bench: ExperimentBench) -> [Headline] {
        [2, 5, 20].map { (percent: Int) in
            Headline(
                "object F1 with \(percent) % of the image tokens",
                MeasurementKey(Self.curve, "object F1", x: percent)
            )
        }
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        let request = try await bench.description(of: picture)
        guard let ranking = try await bench.engine.ranking(of: request) else { throw CancellationError() }
        let layout = request.prompt.layout
        let outcome = try await bench.study(
            request,
            Self.percents.map { percent in
                let kept = max(1, percent * layout.images[0].positions.count / 100)
                let cut = Intervention.knockout(
                    from: .minus(.named("image"), .topAttended(.count(kept), of: .named("image"))),
                    to: .named("generated"),
                    layers: .all,
                    heads: .all,
                    .preSoftmax
                )
                let shape = bench.model.probeShape
                return ("\(percent) %", try cut.ranked(by: ranking, layout: layout, shape: shape, parameter: "image"))
            }
        )
        let judge = LexicalJudge()
        var findings = Findings()
        var answers: [String: JSONValue] = [:]
        for (percent, run) in zip(Self.percents, outcome.variants) {
            let judgement = judge.judge(reference: outcome.baseline.text, candidate: run.text)
            findings.measurements.add(judgement.f1, to: MeasurementKey(Self.curve, "object F1", x: percent))
            answers["\(percent)"] = .string(run.text)
        }
        findings.details = ["answer": .string(outcome.baseline.text), "variants": .object(answers)]
        return findings
    }
}
