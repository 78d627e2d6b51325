import Experiments
import Foundation

/// Tells on standard error how far an experiment is: one line that is drawn over on a terminal, a line for each picture
/// elsewhere.
struct ExperimentProgressLine {
    private let isTerminal = isatty(STDERR_FILENO) == 1

    /// Shows an experiment's state.
    func show(_ name: String, _ progress: ExperimentRunner.Progress) {
        var text = "\(name): \(progress.done) of \(progress.total) pictures"
        if let left = progress.secondsLeft, progress.done < progress.total {
            text += ", about \(Self.duration(left)) left"
        }
        write(isTerminal ? "\r\u{1B}[K\(bar(progress)) \(text)" : text + "\n")
    }

    /// Leaves the line as it is.
    func end() {
        if isTerminal { write("\n") }
    }

    // MARK: - Private

    private func bar(_ progress: ExperimentRunner.Progress) -> String {
        let filled = 20 * progress.done / max(1, progress.total)
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled) + "]"
    }

    private static func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds.rounded(.up), 1e9))
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole / 60 % 60) min"
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
