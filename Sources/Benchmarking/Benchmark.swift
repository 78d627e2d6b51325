import Generation
import Imaging
public import JSON
import Models
import Tensors
import Weights

/// Measures what the machine could do, and then what Fovea does with it.
public struct Benchmark {
    private let options: BenchmarkOptions
    private let report: (String) -> Void

    /// A benchmark that tells `report`, line by line, how far it is.
    public init(_ options: BenchmarkOptions, report: @escaping (String) -> Void) {
        self.options = options
        self.report = report
    }

    /// Runs everything; the answer has one member for each kind of measurement.
    ///
    /// - Throws: ``BenchmarkError`` where options do not fit the model, and whatever loading the model throws.
    public func run() async throws -> JSONValue {
        report("ceilings")
        let pool = WorkerPool(threads: options.loading.threads)
        let threads = pool.threads
        let memory = ResidentMemory()
        let ceilings = Ceilings(pool, options: options, memory: memory)
        report(ceilings.summary)

        let subject = try BenchmarkSubject(options)
        report("loading \(subject.name)")
        let (loadSeconds, model) = try await timed { try subject.load(options) }
        let format = model.description.format
        report("\(model.description.parameters) parameters as \(format.rawValue) in \(loadSeconds.rounded(to: 1)) s")
        var sections: [String: JSONValue] = [:]
        sections["model"] = [
            "name": .string(subject.name),
            "weights": .string(format.rawValue),
            "parameters": .integer(model.description.parameters),
            "threads": .integer(threads),
            "instruction_set": .string(InstructionSet.best.name),
            "load_seconds": .number(loadSeconds),
        ]
        var prompts = SyntheticPrompts(model)
        let engine = InferenceEngine(model: model, prefixBytes: ProbeBenchmark.cacheBytes)
        if subject.hasDecoder {
            try checkContext(model)
            let decoder = DecoderBenchmark(
                engine: engine,
                options: options,
                work: Work(decoder: model.decoder.configuration, decoderBytes: model.decoder.byteCount),
                ceilings: ceilings,
                unit: format.unit
            )
            sections.merge(await measure(decoder, &prompts)) { $1 }
        }
        let noise = model.preprocessor.prepare(prompts.noise())
        if subject.hasVision {
            sections["vision"] = try vision(subject, model, noise, ceilings)
        }
        if subject.hasDecoder, options.probes {
            let probes = ProbeBenchmark(
                engine: engine,
                options: options,
                embeddings: model.vision.encode(noise),
                image: noise
            )
            sections.merge(try await measure(probes, &prompts)) { $1 }
        }
        sections["ceilings"] = ceilings.payload
        sections["memory"] = [
            "packed_bytes": .integer(model.decoder.byteCount + model.vision.byteCount),
            "resident_bytes": memory.current.map { .integer($0) } ?? nil,
            "peak_resident_bytes": memory.peak.map { .integer($0) } ?? nil,
        ]
        return .object(sections)
    }

    // MARK: - Private

    private func measure(_ decoder: DecoderBenchmark, _ prompts: inout SyntheticPrompts) async -> [String: JSONValue] {
        var sections: [String: JSONValue] = [:]
        report("prefill of \(options.prefill)")
        sections["prefill"] = await decoder.prefill(&prompts)
        report("  \(sections["prefill"].summary)")
        report("decoding \(options.decode) tokens")
        sections["decode"] = await decoder.decode(&prompts)
        report("  \(sections["decode"].summary)")
        sections["rows"] = await decoder.rows(&prompts) { report("  \($0)") }
        sections["streams"] = await decoder.streams(&prompts)
        sections["allocations"] = await decoder.allocations(&prompts)
        report("  allocations: \(sections["allocations"].summary)")
        return sections
    }

    private func measure(_ probes: ProbeBenchmark, _ prompts: inout SyntheticPrompts) async throws -> [String:
        JSONValue]
    {
        var sections: [String: JSONValue] = [:]
        report("capture while generating")
        sections["probe"] = try await probes.capture(&prompts)
        report("  \(sections["probe"].summary)")
        report("sweeps")
        sections["sweep"] = try await probes.sweep(&prompts) { report("  \($0)") }
        report("a second question about a picture")
        sections["second_question"] = try await probes.secondQuestion(&prompts)
        report("  \(sections["second_question"].summary)")
        return sections
    }

    private func vision(
        _ subject: BenchmarkSubject,
        _ model: VisionLanguageModel,
        _ image: PreparedImage,
        _ ceilings: Ceilings
    ) throws -> JSONValue {
        report("vision tower")
        let clock = ContinuousClock()
        let seconds = (0...options.repetitions).map { _ in
            clock.measure { _ = model.vision.encode(image) } / .seconds(1)
        }
        let time = median(Array(seconds.dropFirst()))
        let operations = try LlavaConfiguration(directory: subject.directory).visionOperations
        let peak = ceilings.peak(model.description.format.unit)
        report("  \(time.rounded(to: 3)) s")
        return ["seconds": .number(time), "share_of_peak": .number(operations / time / peak)]
    }

    private func checkContext(_ model: VisionLanguageModel) throws(BenchmarkError) {
        let decoded = DecoderBenchmark.promptLength + options.decode + 1
        for (name, needed) in [("prefill", options.prefill + 1), ("decode", decoded)] where needed > model.contextLength
        {
            throw BenchmarkError(
                description: "--\(name) needs a context of \(needed) positions; the model has \(model.contextLength)"
            )
        }
        let pictured = model.vision.standardTokenCount + 17 + max(options.decode, ProbeBenchmark.variantTokens)
        if options.probes, pictured > model.contextLength {
            throw BenchmarkError(
                description: "--probe needs a context of \(pictured) positions; the model has \(model.contextLength)"
            )
        }
    }
}

extension JSONValue? {
    /// Its numbers on one line.
    fileprivate var summary: String {
        (self?.object ?? [:]).sorted { $0.key < $1.key }
            .compactMap { key, value in value.number.map { "\(key) \($0.rounded(to: 3))" } }.joined(separator: ", ")
    }
}
