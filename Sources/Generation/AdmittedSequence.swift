import Models
import Probing

/// A sequence whose turn has come and whose memory is set aside, but that has not started: if its prompt begins like one
/// that is being computed, it waits for that and takes it over.
///
/// It waits only while the other run is under way, has had rows in the last step and still lacks positions that both share,
/// so it waits for no run that stands still or is called off, nor for one that waits itself.
struct AdmittedSequence {
    let ticket: Ticket
    /// Bytes of keys and values that it may come to.
    let bytes: Int
    /// What it begins with if it starts now.
    private(set) var start: KeyValueCache
    /// Its prompt, and how many positions it may take from others; `nil` if it takes none.
    private let wanted: (key: PromptKey, limit: Int)?
    /// The run whose prompt it waits for, and how many positions they share.
    private var leader: (run: GenerationRun, shared: Int)?

    init(_ ticket: Ticket, bytes: Int, start: KeyValueCache, wanted: (key: PromptKey, limit: Int)?) {
        self.ticket = ticket
        self.bytes = bytes
        self.start = start
        self.wanted = wanted
    }

    /// Whether it is better to wait for one of the runs under way than to start.
    mutating func waits(for runs: some Sequence<GenerationRun>) -> Bool {
        guard let wanted else { return false }
        if let leader {
            if leader.run.isComputing(leader.shared), runs.contains(where: { $0 === leader.run }) { return true }
            let computed = min(leader.shared, leader.run.sequence.cache.count)
            if computed > start.count { start = leader.run.sequence.cache.prefix(computed) }
        }
        leader = nil
        // For less than a page a step of its own is as quick.
        var best = start.count + KeyValueCache.pageLength - 1
        for run in runs {
            let shared = min(wanted.limit, run.shareablePositions(with: wanted.key))
            guard shared > best, run.isComputing(shared) else { continue }
            best = shared
            leader = (run, shared)
        }
        return leader != nil
    }
}

extension GenerationRun {
    /// Positions from the first on that a run with another prompt has in common with this one, whose own they are.
    fileprivate func shareablePositions(with key: PromptKey) -> Int {
        guard request.record == nil, request.sharedPrefix == nil else { return 0 }
        let own = request.interventions.firstAffectedPosition ?? .max
        return min(own, PromptKey(request.prompt).commonPrefix(key))
    }

    /// Whether it is on its way to computing so many positions: it had rows in the last step.
    fileprivate func isComputing(_ positions: Int) -> Bool {
        !isFinished && waited == 0 && sequence.cache.count < positions
    }
}
