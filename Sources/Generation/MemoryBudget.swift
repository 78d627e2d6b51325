import Foundation

/// Bytes that keys and values of all running sequences may take together.
enum MemoryBudget {
    /// Seven tenths of what the system, or the control group, has left once the model is loaded.
    static func available() -> Int {
        let system = meminfo("MemAvailable") ?? 4 << 30
        let group = controlGroup() ?? .max
        return max(64 << 20, min(system, group) / 10 * 7)
    }

    /// A line of `/proc/meminfo`, in bytes.
    private static func meminfo(_ key: String) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(key):") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    /// What the control group's limit leaves (cgroup v2); `nil` without a limit.
    private static func controlGroup() -> Int? {
        func read(_ name: String) -> Int? {
            let text = try? String(contentsOfFile: "/sys/fs/cgroup/\(name)", encoding: .utf8)
            return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        guard let limit = read("memory.max"), let used = read("memory.current") else { return nil }
        return max(0, limit - used)
    }
}

/// A request whose keys and values, or whatever else it needs, would never fit.
public struct MemoryError: Error, CustomStringConvertible, Sendable {
    /// Bytes that the sequence needs.
    public let needed: Int
    /// Bytes that all sequences may take together.
    public let budget: Int

    private let subject: String

    /// Something that needs more than there is.
    public init(needed: Int, budget: Int, subject: String = "the keys, values and recordings of this request") {
        self.needed = needed
        self.budget = budget
        self.subject = subject
    }

    /// Both numbers and what to do.
    public var description: String {
        "\(subject) need \(needed) bytes and the server has \(budget) for all; "
            + "send a shorter prompt, a lower max_tokens or fewer variants"
    }
}
