/// Finds stop strings in streamed text and holds back what might become one.
struct StopMatcher {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    private(set) var hasStopped = false

    init(_ stops: [String]) {
        self.stops = stops.filter { !$0.isEmpty }.map { Array($0.utf8) }
    }

    /// Takes new text and returns what may be shown; nothing comes after a stop string.
    mutating func push(_ text: String) -> String {
        guard !hasStopped else { return "" }
        guard !stops.isEmpty else { return text }
        let new = held.count
        held.append(contentsOf: text.utf8)
        if let start = firstStop(behind: new) {
            hasStopped = true
            held.removeSubrange(start...)
            return flush()
        }
        let shown = held.count - longestPossibleBeginning()
        defer { held.removeFirst(shown) }
        // Whoever shows the text as it came shares its memory.
        return new == 0 && shown == held.count ? text : String(decoding: held[..<shown], as: UTF8.self)
    }

    /// What was held back, once no more text comes.
    mutating func flush() -> String {
        defer { held.removeAll(keepingCapacity: true) }
        return String(decoding: held, as: UTF8.self)
    }

    // MARK: - Private

    /// Where the stop string begins that is complete first, the longest of those that end together: the same however
    /// tokens cut the text. None is complete within the first `known` bytes.
    private func firstStop(behind known: Int) -> Int? {
        var end = known
        while end < held.count {
            end += 1
            var longest = 0
            for stop in stops where stop.count > longest && held[..<end].suffix(stop.count).elementsEqual(stop) {
                longest = stop.count
            }
            if longest > 0 { return end - longest }
        }
        return nil
    }

    /// The length of the longest end of `held` that begins a stop string.
    private func longestPossibleBeginning() -> Int {
        var longest = 0
        for stop in stops {
            // A shorter end than one that another stop string begins with need not be tried.
            for length in stride(from: min(stop.count - 1, held.count), to: longest, by: -1)
            where stop.starts(with: held.suffix(length)) {
                longest = length
                break
            }
        }
        return longest
    }
}
