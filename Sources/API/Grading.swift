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

    /// The first tokens that runs are compared at: those asked for, else the baseline's own.
    func targets(_ baseline: GenerationResult) -> [(text: String, id: Int)] {
        guard score.targets.isEmpty else { return score.targets }
        let first = baseline.next.argmax
        return [(text: tokenizer.text(of: first), id: first)]
    }

    /// How an answer changed.
    func compare(_ run: GenerationResult, with baseline: GenerationResult) async throws -> GradedComparison {
        let targets = targets(baseline)
        let isFlipped = task.map {
            $0.isCorrect(baseline, tokenizer: tokenizer) && !$0.isCorrect(run, tokenizer: tokenizer)
        }
        return GradedComparison(
            comparison: RunComparison(run, with: baseline, targets: targets.map(\.id)),
            targets: targets.map(\.text),
            judgement: try await judge?.judge(reference: baseline.text, candidate: run.text),
            isFlipped: isFlipped
        )
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

/// How one run of a study differs from the baseline.
struct GradedComparison {
    let comparison: RunComparison
    /// The words whose first tokens are compared.
    let targets: [String]
    /// `nil` without a judge.
    let judgement: Judgement?
    /// Whether a right answer became wrong; `nil` without a task.
    let isFlipped: Bool?

    /// The `compare` member.
    var payload: JSONValue {
        func byTarget(_ values: [Double]) -> JSONValue {
            .object(Dictionary(zip(targets, values.map { .number($0) })) { first, _ in first })
        }
        var fields: [String: JSONValue] = [
            "common_prefix": .integer(comparison.commonPrefix),
            "first_token_changed": .bool(comparison.isFirstTokenChanged),
            "delta_logprob": byTarget(comparison.deltaLogProbability),
            "delta_prob": byTarget(comparison.deltaProbability),
            "delta_logit": byTarget(comparison.deltaLogit),
            "relative_change": byTarget(comparison.relativeChange),
            "kl_next": .number(comparison.divergence),
            "objects": judgement?.counts ?? nil,
        ]
        if let isFlipped { fields["flipped"] = .bool(isFlipped) }
        return .object(fields)
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
