internal import CKernels
internal import Foundation

/// How many processors this process may keep busy.
enum ProcessorLimit {
    /// The affinity mask's count, lowered to the CPU quota of the control group (version 2 or 1), rounded up.
    static func current() -> Int {
        let allowed = Int(ck_affinity_count())
        return max(1, min(allowed, groupLimit() ?? allowed))
    }

    private static func groupLimit() -> Int? {
        if let text = read("/sys/fs/cgroup/cpu.max") { return processors(cpuMax: text) }
        guard let quota = read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
            let period = read("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
        else { return nil }
        return processors(cpuMax: "\(quota) \(period)")
    }

    /// Processors that a `cpu.max` line allows ("200000 100000" is 2); nil for "max" and anything unreadable.
    static func processors(cpuMax: String) -> Int? {
        let fields = cpuMax.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]), quota > 0, period > 0
        else { return nil }
        let count = (quota / period).rounded(.up)
        return count < 65536 ? Int(count) : nil
    }

    private static func read(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
