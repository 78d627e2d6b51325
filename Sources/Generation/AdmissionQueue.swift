/// Which sequence starts next, given what keys and values of all that run may take.
///
/// A pure state machine. Groups take turns: the one with the fewest sequences running goes first, of equals the one that
/// waits longest, and within a group the order is that of arrival. No sequence overtakes one that its group's turn has
/// come for and that only lacks memory, so that large prompts do not starve. A group that already runs leaves
/// a quarter of the memory to others; a sequence that does not fit at all runs alone.
struct AdmissionQueue<Item> {
    /// Sequences of one group.
    private struct Line {
        var waiting: [(item: Item, bytes: Int)] = []
        var running = 0
        var bytes = 0
        let arrival: Int
    }

    /// Bytes that running sequences may take together.
    let budget: Int
    /// Bytes that they take.
    private(set) var bytes = 0
    /// Sequences under way.
    private(set) var running = 0
    private var lines: [RequestGroup: Line] = [:]
    private var arrivals = 0

    init(budget: Int) {
        self.budget = budget
    }

    /// Sequences that have not started.
    var waiting: Int { lines.values.reduce(0) { $0 + $1.waiting.count } }

    /// A new sequence.
    mutating func add(_ item: Item, bytes: Int, to group: RequestGroup) {
        arrivals += 1
        lines[group, default: Line(arrival: arrivals)].waiting.append((item, bytes))
    }

    /// The next sequence to start, which from now on counts as running; `nil` while none can.
    mutating func next() -> (item: Item, bytes: Int)? {
        let candidates = lines.filter { !$0.value.waiting.isEmpty && leavesRoom($0.value) }
        guard
            let group = candidates.min(by: {
                ($0.value.running, $0.value.arrival) < ($1.value.running, $1.value.arrival)
            })?.key, let first = lines[group]?.waiting.first, bytes + first.bytes <= budget || running == 0
        else { return nil }
        lines[group]?.waiting.removeFirst()
        lines[group]?.running += 1
        lines[group]?.bytes += first.bytes
        bytes += first.bytes
        running += 1
        return first
    }

    /// A sequence of `bytes` has ended or was called off.
    mutating func ended(bytes ended: Int, of group: RequestGroup) {
        lines[group]?.running -= 1
        lines[group]?.bytes -= ended
        bytes -= ended
        running -= 1
        drop(group)
    }

    /// Takes out sequences that wait no more, and hands them back.
    mutating func removeWaiting(where isGone: (Item) -> Bool) -> [Item] {
        var removed: [Item] = []
        guard waiting > 0 else { return removed }
        for group in Array(lines.keys) {
            lines[group]?.waiting.removeAll { entry in
                guard isGone(entry.item) else { return false }
                removed.append(entry.item)
                return true
            }
            drop(group)
        }
        return removed
    }

    // MARK: - Private

    private func leavesRoom(_ line: Line) -> Bool {
        guard line.running > 0, let next = line.waiting.first else { return true }
        return line.bytes + next.bytes <= budget / 4 * 3
    }

    private mutating func drop(_ group: RequestGroup) {
        if let line = lines[group], line.running == 0, line.waiting.isEmpty { lines[group] = nil }
    }
}
