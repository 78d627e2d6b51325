/// Which rows run in the next step.
///
/// A pure state machine: every sequence that decodes gets its row in every step; prompts share what is left of the row
/// budget in order of arrival, so that a long prompt never stops the others' streams.
struct BatchScheduler {
    /// Rows of one step at most.
    static let rowBudget = 512
    /// Rows that prompts get however many sequences decode.
    static let promptShare = 64

    /// What a sequence still has to run.
    struct Work: Equatable {
        /// Rows that are ready: 1 for a decoding sequence, the rest of the prompt for a new one.
        let pending: Int
        /// Whether it is past its prompt.
        let isDecoding: Bool
    }

    /// Rows for each sequence, in the order of `work`; 0 = wait.
    static func rows(for work: [Work]) -> [Int] {
        var budget = rowBudget
        var rows = work.map { item in
            guard item.isDecoding else { return 0 }
            budget -= item.pending
            return item.pending
        }
        budget = max(budget, promptShare)
        for (index, item) in work.enumerated() where !item.isDecoding {
            let share = max(0, min(item.pending, budget))
            rows[index] = share
            budget -= share
        }
        return rows
    }
}
