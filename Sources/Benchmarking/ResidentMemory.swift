import Foundation

/// How much memory the process has in use.
enum ResidentMemory {
    /// Bytes now; nil where the system does not tell.
    static func current() -> Int? { line("VmRSS") }
    /// Bytes at most so far.
    static func peak() -> Int? { line("VmHWM") }

    /// Lets `peak` count from now on (proc(5): 5 written to `clear_refs`); where that is refused it counts from the start.
    static func resetPeak() {
        try? FileHandle(forWritingTo: URL(fileURLWithPath: "/proc/self/clear_refs")).write(contentsOf: Data("5".utf8))
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
