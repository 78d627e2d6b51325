import Experiments
import Generation
import JSON
import Probing

/// A study's figures as arrays whose rows are its variants, in the order of `variants`: the `scores` member of an answer.
struct StudyScores {
    let baseline: GenerationResult
    let variants: [(run: GenerationResult, graded: GradedComparison)]
    /// The first tokens that are compared.
    let targets: [(text: String, id: Int)]
    /// Likeliest first tokens that are listed.
    let topK: Int

    func json(_ arrays: inout ArrayAnswer) throws(ProbeError) -> JSONValue {
        var fields = try distributions(variants.map(\.run), rows: [variants.count], at: "scores", &arrays)
        fields["targets"] = .array(targets.map { ["text": .string($0.text), "id": .integer($0.id)] })
        fields["baseline"] = .object(try distributions([baseline], rows: [], at: "scores.baseline", &arrays))
        let byTarget: [(String, (RunComparison) -> [Double])] = [
            ("delta_logprob", \.deltaLogProbability), ("delta_prob", \.deltaProbability),
            ("delta_logit", \.deltaLogit), ("relative_change", \.relativeChange),
        ]
        for (name, figures) in byTarget {
            let values = variants.flatMap { figures($0.graded.comparison) }
            fields[name] = try place(values, [variants.count, targets.count], name, &arrays)
        }
        let divergences = variants.map { $0.graded.comparison.divergence }
        fields["kl_next"] = try place(divergences, [variants.count], "kl_next", &arrays)
        let judgements = variants.compactMap(\.graded.judgement)
        if judgements.count == variants.count, !judgements.isEmpty {
            let figures = [("precision", judgements.map(\.precision)), ("recall", judgements.map(\.recall))]
            for (name, values) in figures + [("f1", judgements.map(\.f1))] {
                fields[name] = try place(values, [variants.count], name, &arrays)
            }
        }
        return .object(fields)
    }

    // MARK: - Private

    /// What stands first: `logprob` of the targets, `[rows, targets]`, and the likeliest tokens, `[rows, top_k]`.
    private func distributions(
        _ runs: [GenerationResult],
        rows: [Int],
        at path: String,
        _ arrays: inout ArrayAnswer
    ) throws(ProbeError) -> [String: JSONValue] {
        let best = runs.map { $0.next.top(topK) }
        let count = baseline.next.top(topK).count
        let targeted = runs.flatMap { run in targets.map { Float(run.next[$0.id].logProbability) } }
        let ids = IntegerArray(shape: rows + [count], values: best.flatMap { $0.map(\.id) })
        let logProbabilities = best.flatMap { $0.map { Float($0.logProbability) } }
        return [
            "logprob": try arrays.place(
                NumberArray(shape: rows + [targets.count], values: targeted),
                at: "\(path).logprob"
            ),
            "top_id": try arrays.place(ids, at: "\(path).top_id"),
            "top_logprob": try arrays.place(
                NumberArray(shape: rows + [count], values: logProbabilities),
                at: "\(path).top_logprob"
            ),
        ]
    }

    private func place(
        _ values: [Double],
        _ shape: [Int],
        _ name: String,
        _ arrays: inout ArrayAnswer
    ) throws(ProbeError) -> JSONValue {
        try arrays.place(NumberArray(shape: shape, values: values.map { Float($0) }), at: "scores.\(name)")
    }
}
