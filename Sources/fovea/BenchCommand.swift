import ArgumentParser
import Benchmarking
import Foundation
import JSON
import Models

/// `fovea bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures what this machine could do, and then what Fovea does with it.",
        discussion: """
            First the ceilings: multiply-adds in registers (f32, bf16, int8) and reading from memory, with all threads.
            Then the work, through the engine that serves requests: prefill, decoding alone and in rows, the vision
            tower, and with --probe attention capture, sweeps of knockouts and a second question about a picture.

            Weights are random, made and packed layer by layer, so a shape needs the memory of its packed weights and
            no files. Figures are medians. share_of_peak is 2 operations for a parameter and token, the head once in
            prefill, over the time and the peak of the unit that multiplies the format (int8's for int8 and int4);
            share_of_bandwidth is the weights' bytes for a decoded token over what the memory gives, which is measured
            by turns with decoding. Try it:

              fovea bench --shape tiny
              fovea bench --shape llama-1b --weights int8 --probe
              fovea bench --model ~/models/llava-1.5-7b-int8 --rows 1,4 --json > bench.json

            A busy machine measures itself: compare figures of one run only. docs/performance.md tells more.
            """
    )

    @OptionGroup var modelArguments: ModelArguments

    @Option(
        help: ArgumentHelp(
            "Random weights of a shape: \(BenchmarkShape.allCases.map(\.rawValue).joined(separator: ", ")).",
            discussion: "Default: llama-1b, unless --model names a directory.",
            valueName: "name"
        )
    )
    var shape: String?

    @Option(help: ArgumentHelp("Positions of the prompt whose prefill is measured.", valueName: "n"))
    var prefill = 512

    @Option(help: ArgumentHelp("Tokens to decode in each measurement.", valueName: "n"))
    var decode = 64

    @Option(help: ArgumentHelp("Numbers of sequences to decode together.", valueName: "n,n,…"))
    var rows = "1,8,32"

    @Flag(help: "Measure attention capture, sweeps of knockouts and a second question too.")
    var probe = false

    @Option(help: ArgumentHelp("Measurements of each figure, of which the median counts.", valueName: "n"))
    var repetitions = 3

    @Flag(help: "Print one JSON object on standard output and nothing else there.")
    var json = false

    func validate() throws {
        _ = try rowCounts()
        for (name, value, limit) in [
            ("prefill", prefill, 1 << 20), ("decode", decode, 1 << 16), ("repetitions", repetitions, 1000),
        ] where !(1...limit).contains(value) {
            throw ValidationError("--\(name) is \(value); it must lie in 1…\(limit)")
        }
        try BenchmarkShape.check(shape, excluding: modelArguments.model)
    }

    func run() async throws {
        var options = BenchmarkOptions(try subject())
        options.loading = try modelArguments.options()
        options.prefill = prefill
        options.decode = decode
        options.rows = try rowCounts()
        options.probes = probe
        options.repetitions = repetitions
        let result = try await Benchmark(options) { line in
            FileHandle.standardError.write(Data((line + "\n").utf8))
        }.run()
        if json {
            FileHandle.standardOutput.write(result.serialized() + Data("\n".utf8))
        } else {
            for (name, value) in result.leaves() {
                print("\(name.padding(toLength: 34, withPad: " ", startingAt: 0))\(value)")
            }
        }
    }

    // MARK: - Private

    private func subject() throws -> BenchmarkOptions.Subject {
        if let shape = shape.flatMap(BenchmarkShape.init) { return .shape(shape) }
        guard Environment.value(modelArguments.model, "model") != nil else { return .shape(.llama1B) }
        return .model(try modelArguments.directory())
    }

    private func rowCounts() throws -> [Int] {
        try rows.split(separator: ",", omittingEmptySubsequences: false).map { text in
            guard let count = Int(text.trimmingCharacters(in: .whitespaces)), (1...512).contains(count) else {
                throw ValidationError("--rows has \"\(text)\"; it must list numbers in 1…512, such as 1,8,32")
            }
            return count
        }
    }
}

extension BenchmarkShape {
    /// Refuses a name that is none, and one beside a directory.
    static func check(_ name: String?, excluding model: String?) throws {
        guard let name else { return }
        guard model == nil else {
            throw ValidationError("--shape and --model exclude each other: random weights of a shape, or a directory's")
        }
        guard BenchmarkShape(rawValue: name) != nil else {
            let known = allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--shape is \"\(name)\"; choose one of \(known)")
        }
    }
}

extension JSONValue {
    /// Every value that is no object, by its dotted name.
    fileprivate func leaves(_ path: String = "") -> [(name: String, text: String)] {
        guard case .object(let fields) = self else {
            let text: String
            switch self {
            case .number(let number): text = String(format: "%.4g", number)
            case .string(let string): text = string
            default: text = String(decoding: serialized(), as: UTF8.self)
            }
            return [(path, text)]
        }
        return fields.sorted { $0.key < $1.key }.flatMap { $1.leaves(path.isEmpty ? $0 : "\(path).\($0)") }
    }
}
