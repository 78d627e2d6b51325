/// Which rows run in the next step.
///
/// A pure function of what the sequences under way have ready. Sequences belong to groups, one for each request: the
/// variants of a sweep are one group, a chat is another.
///
/// - A group that is alone gets up to `rowBudget` rows a step, which is where throughput is best.
/// - Once several groups are under way and one of them decodes, a step has `sharedBudget` rows and one more for each
///   group, so that running streams keep their pace while a prompt is prefilled in pieces.
/// - Groups share a step max-min fairly: each gets what it has ready or an equal part of the rows, whichever is less, and
///   what it leaves goes to the others. A chat beside a sweep of hundreds of variants has its row in every step.
/// - Within a group, decoding sequences go first, those that have waited longest before others; prompts follow in order
///   of arrival, and half of the group's rows are kept for them.
struct BatchScheduler {
    /// Rows of one step at most.
    static let rowBudget = 512
    /// Rows of a step that several groups share while one of them decodes, besides one for each.
    static let sharedBudget = 64

    /// What a sequence still has to run.
    struct Work: Equatable {
        /// Whom it runs for.
        let group: RequestGroup
        /// Rows that are ready: 1 for a decoding sequence, the rest of the prompt for a new one.
        let pending: Int
        /// Whether it is past its prompt.
        let isDecoding: Bool
        /// Steps since it last got a row.
        var waited = 0
    }

    /// Writes the rows for each sequence, in the order of `work`; 0 = wait.
    static func share(_ rows: inout [Int], for work: [Work]) {
        let fit = fitOneStep(work)
        rows.removeAll(keepingCapacity: true)
        for item in work { rows.append(fit ? item.pending : 0) }
        if fit { return }
        let members = Dictionary(grouping: work.indices) { work[$0].group }.values.sorted { $0[0] < $1[0] }
        let isPaced = members.count > 1 && work.contains(where: \.isDecoding)
        let budget = isPaced ? sharedBudget + members.count : max(rowBudget, members.count)
        let shares = shares(of: budget, demands: members.map { $0.reduce(0) { $0 + work[$1].pending } })
        for (indices, share) in zip(members, shares) {
            var left = share
            let prompts = indices.filter { !work[$0].isDecoding }
            let kept = min(share / 2, prompts.reduce(0) { $0 + work[$1].pending })
            let decoding = indices.filter { work[$0].isDecoding }.sorted {
                (work[$1].waited, $0) < (work[$0].waited, $1)
            }
            for index in decoding.prefix(share - kept) {
                rows[index] = 1
                left -= 1
            }
            for index in prompts {
                rows[index] = min(left, work[index].pending)
                left -= rows[index]
            }
        }
    }

    /// Whether a step takes all that is ready, whatever the groups: the usual case while a few sequences decode.
    private static func fitOneStep(_ work: [Work]) -> Bool {
        let pending = work.reduce(0) { $0 + $1.pending }
        return pending <= sharedBudget || pending <= rowBudget && work.allSatisfy { $0.group == work[0].group }
    }

    /// Max-min fair shares of `budget`, each at most its demand. What does not divide goes to the largest demands.
    static func shares(of budget: Int, demands: [Int]) -> [Int] {
        var shares = [Int](repeating: 0, count: demands.count)
        var left = budget
        let ascending = demands.indices.sorted { (demands[$0], $1) < (demands[$1], $0) }
        for (place, index) in ascending.enumerated() {
            shares[index] = min(demands[index], left / (ascending.count - place))
            left -= shares[index]
        }
        return shares
    }
}
