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
        held.append(contentsOf: text.utf8)
        if let start = firstStop() {
            hasStopped = true
            held.removeSubrange(start...)
            return flush()
        }
        let shown = held.count - longestPossibleBeginning()
        let text = String(decoding: held[..<shown], as: UTF8.self)
        held.removeFirst(shown)
        return text
    }

    /// What was held back, once no more text comes.
    mutating func flush() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    // MARK: - Private

    /// Where the stop string begins that is complete first, the longest of those that end together: the same however
    /// tokens cut the text.
    private func firstStop() -> Int? {
        for end in held.indices.map({ $0 + 1 }) {
            let complete = stops.filter { held[..<end].suffix($0.count).elementsEqual($0) }
            if let longest = complete.map(\.count).max() { return end - longest }
        }
        return nil
    }

    /// The length of the longest end of `held` that begins a stop string.
    private func longestPossibleBeginning() -> Int {
        let longest = (stops.map(\.count).max() ?? 0) - 1
        for length in stride(from: min(longest, held.count), to: 0, by: -1) {
            let end = held.suffix(length)
            if stops.contains(where: { $0.count > length && $0.starts(with: end) }) { return length }
        }
        return 0
    }
}
