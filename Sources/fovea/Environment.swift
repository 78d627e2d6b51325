import ArgumentParser
import Foundation

/// Options that were not given on the command line: `FOVEA_` and the option's name in capitals.
enum Environment {
    /// The option's value, else the variable's.
    static func value(_ given: String?, _ option: String) -> String? {
        if let given { return given }
        let name = "FOVEA_" + option.uppercased().replacingOccurrences(of: "-", with: "_")
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else { return nil }
        return value
    }

    /// The same for whole numbers of a range.
    static func integer(_ given: Int?, _ option: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = value(given.map(String.init), option) else { return nil }
        guard let number = Int(text) else {
            throw ValidationError("--\(option) is \"\(text)\"; it must be a whole number")
        }
        guard range.contains(number) else {
            throw ValidationError("--\(option) is \(number); it must lie in \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    /// The same for numbers of a range.
    static func number(_ given: Double?, _ option: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let text = value(given.map { "\($0)" }, option) else { return nil }
        guard let number = Double(text) else {
            throw ValidationError("--\(option) is \"\(text)\"; it must be a number")
        }
        guard range.contains(number) else {
            throw ValidationError("--\(option) is \(number); it must lie in \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }
}
