import Experiments
import Generation
import JSON
import Probing
import Tokenization

/// How the runs of a study are scored and compared.
struct Grading {
    let tokenizer: Tokenizer
    let score: ScoreRequest
    /// Compares the objects of two answers; `nil` to leave that out.
    let judge: Judge?
    /// What the question asks about an object; `nil` for any other question.
    let task: AblationTask?

    /// A `Run` of the API, with `correct` where there is a task.
    func payload(_ run: GenerationResult) -> JSONValue {
        guard let task, case .object(var fields) = run.payload(score, tokenizer: tokenizer) else {
            return run.payload(score, tokenizer: tokenizer)
        }
        fields["correct"] = .bool(task.isCorrect(run, tokenizer: tokenizer))
        return .object(fields)
    }

    /// How an answer changed. Without targets the baseline's own first token is the one compared.
    func compare(_ run: GenerationResult, with baseline: GenerationResult) async throws -> JSONValue {
        let first = baseline.next.argmax
        let targets = score.targets.isEmpty ? [(text: tokenizer.text(of: first), id: first)] : score.targets
        let comparison = RunComparison(run, with: baseline, targets: targets.map(\.id))
        func byTarget(_ values: [Double]) -> JSONValue {
            .object(Dictionary(zip(targets.map(\.text), values.map { .number($0) })) { first, _ in first })
        }
        var fields: [String: JSONValue] = [
            "common_prefix": .integer(comparison.commonPrefix),
            "first_token_changed": .bool(comparison.isFirstTokenChanged),
            "delta_logprob": byTarget(comparison.deltaLogProbability),
            "delta_prob": byTarget(comparison.deltaProbability),
            "delta_logit": byTarget(comparison.deltaLogit),
            "relative_change": byTarget(comparison.relativeChange),
            "kl_next": .number(comparison.divergence),
            "objects": try await judge?.judge(reference: baseline.text, candidate: run.text).counts ?? nil,
        ]
        if let task {
            let isCorrect = task.isCorrect(run, tokenizer: tokenizer)
            fields["flipped"] = .bool(task.isCorrect(baseline, tokenizer: tokenizer) && !isCorrect)
        }
        return .object(fields)
    }

    /// The share of runs that the right baseline answer did not survive, `null` if it was wrong; `nil` without a task.
    func flipRate(_ runs: [GenerationResult], baseline: GenerationResult) -> JSONValue? {
        guard let task else { return nil }
        let isCorrect = task.isCorrect(baseline, tokenizer: tokenizer)
        var tally = FlipTally()
        for run in runs { tally.count(baseline: isCorrect, ablated: task.isCorrect(run, tokenizer: tokenizer)) }
        return tally.rate.map { .number($0) } ?? .null
    }
}

extension Judgement {
    /// The figures alone.
    var counts: JSONValue {
        [
            "tp": .integer(truePositives), "fn": .integer(falseNegatives), "fp": .integer(falsePositives),
            "precision": .number(precision), "recall": .number(recall), "f1": .number(f1),
        ]
    }
}
