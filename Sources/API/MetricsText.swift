/// Samples in Prometheus' text format, version 0.0.4.
struct MetricsText {
    /// Names and values that tell the samples of one metric apart.
    typealias Labels = [(name: String, value: String)]

    private(set) var text = ""

    /// A metric that only grows.
    mutating func counter(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Int)]) {
        describe(name, help, type: "counter")
        for sample in samples { add(name, sample.labels, "\(sample.value)") }
    }

    /// A counter without labels.
    mutating func counter(_ name: String, _ help: String, _ value: Int) {
        counter(name, help, [([], value)])
    }

    /// A value that goes up and down.
    mutating func gauge(_ name: String, _ help: String, _ value: Int, labels: Labels = []) {
        describe(name, help, type: "gauge")
        add(name, labels, "\(value)")
    }

    /// Distributions over buckets.
    mutating func histogram(_ name: String, _ help: String, _ samples: [(labels: Labels, value: DurationHistogram)]) {
        describe(name, help, type: "histogram")
        for (labels, histogram) in samples {
            var count = 0
            for (bound, inBucket) in zip(DurationHistogram.bounds, histogram.counts) {
                count += inBucket
                add("\(name)_bucket", labels + [("le", "\(bound)")], "\(count)")
            }
            add("\(name)_bucket", labels + [("le", "+Inf")], "\(histogram.count)")
            add("\(name)_sum", labels, "\(histogram.sum)")
            add("\(name)_count", labels, "\(histogram.count)")
        }
    }

    // MARK: - Private

    private mutating func describe(_ name: String, _ help: String, type: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private mutating func add(_ name: String, _ labels: Labels, _ value: String) {
        let written = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        text += written.isEmpty ? "\(name) \(value)\n" : "\(name){\(written)} \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        value.map { character in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(character)
            }
        }.joined()
    }
}

/// How long things took.
struct DurationHistogram {
    /// Upper bounds of the buckets in seconds; what is longer counts in the last one, which has none.
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

    private(set) var counts = [Int](repeating: 0, count: Self.bounds.count)
    private(set) var count = 0
    private(set) var sum = 0.0

    mutating func add(_ seconds: Double) {
        if let bucket = Self.bounds.firstIndex(where: { seconds <= $0 }) { counts[bucket] += 1 }
        count += 1
        sum += seconds
    }
}
