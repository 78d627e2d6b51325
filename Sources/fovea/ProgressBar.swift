import Foundation

/// How far long work is and how long it will take, on standard error: one line that is written again and again on a
/// terminal, a line every few seconds elsewhere.
final class ProgressBar {
    private let what: String
    private let total: Int
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var lastShown: ContinuousClock.Instant?

    init(_ what: String, total: Int) {
        self.what = what
        self.total = total
    }

    /// Shows that `done` of all are done, unless that was shown a moment ago.
    func show(_ done: Int) {
        let now = ContinuousClock.now
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
        if let lastShown, now - lastShown < pause, done < total { return }
        lastShown = now
        let width = 24
        let filled = width * done / max(total, 1)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let left = done > 0 ? ((now - start) / done * (total - done)).components.seconds : 0
        write("\(bar) \(done) of \(total) \(what), \(left) s left", ending: isTerminal ? "" : "\n")
    }

    /// Says something without breaking the bar.
    func note(_ text: String) { write(text, ending: "\n") }

    /// Leaves the bar's line.
    func end() { if isTerminal { FileHandle.standardError.write(Data("\n".utf8)) } }

    // MARK: - Private

    private func write(_ text: String, ending: String) {
        FileHandle.standardError.write(Data(((isTerminal ? "\r\u{1B}[K" : "") + text + ending).utf8))
    }
}
