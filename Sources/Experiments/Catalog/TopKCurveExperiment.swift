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
        [Figure(Self.curve, axis: .named("image tokens kept, %"), measure: "object F1")]
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        var request = try await bench.description(of: picture)
        try request.record(shape: bench.model.probeShape)
        let seeing = try await bench.result(of: request)
        request.capture = nil
        let image = Array(request.prompt.layout.images[0].positions)
        let rows = ExperimentBench.rows(of: seeing, promptLength: request.prompt.layout.length)
        let ranked = (0..<bench.depth).map { layer in Self.ranked(rows, layer: layer, count: image.count) }
        let outcome = try await bench.study(
            request,
            Self.percents.map { percent in
                let kept = max(1, percent * image.count / 100)
                return ("\(percent) %", Self.cuts(ranked, keeping: kept, of: image))
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

    // MARK: - Private

    /// The picture's tokens by their mean attention over the answer's rows, most first; of equals the first.
    private static func ranked(_ rows: [AttentionRow], layer: Int, count: Int) -> [Int] {
        var sums = [Double](repeating: 0, count: count)
        for row in rows {
            for (column, value) in row.layers[layer].maps[0].enumerated() { sums[column] += Double(value) }
        }
        return sums.indices.sorted { (-sums[$0], $0) < (-sums[$1], $1) }
    }

    /// One cut for each layer: generated tokens do not see the image tokens that are not kept there.
    private static func cuts(_ ranked: [[Int]], keeping kept: Int, of image: [Int]) -> [Intervention] {
        ranked.enumerated().compactMap { layer, order in
            let hidden = order.dropFirst(kept).map { image[$0] }
            guard !hidden.isEmpty else { return nil }
            return .knockout(
                from: .indices(hidden.sorted()),
                to: .named("generated"),
                layers: .list([layer]),
                heads: .all,
                .preSoftmax
            )
        }
    }
}
