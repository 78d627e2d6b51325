import Foundation

/// How much memory the process has in use for the work that is measured.
final class ResidentMemory {
    private var peakBefore = 0

    /// Bytes now; nil where the system does not tell.
    var current: Int? { Self.line("VmRSS") }
    /// Bytes at most so far, but for what ran ``uncounted(_:)``.
    var peak: Int? { Self.line("VmHWM").map { max($0, peakBefore) } }

    /// Runs what is no part of the work. The peak starts anew after it (proc(5): 5 written to `clear_refs`); where that is
    /// refused it counts this too.
    func uncounted<Value>(_ body: () -> Value) -> Value {
        peakBefore = peak ?? 0
        defer {
            let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs")
            try? file?.write(contentsOf: Data("5".utf8))
        }
        return body()
    }

    /// A line of `/proc/self/status`, such as `VmRSS:     1234 kB`.
    private static func line(_ key: String) -> Int? {
        let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = text?.split(separator: "\n").first { $0.hasPrefix("\(key):") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }
}

extension Double {
    /// As it is shown to people.
    func rounded(to digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
