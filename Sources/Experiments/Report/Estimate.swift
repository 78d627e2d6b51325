/// A mean over pictures and how sure it is.
public struct Estimate: Sendable, Equatable {
    /// The mean of all numbers.
    public let mean: Double
    /// The standard deviation of the numbers themselves.
    public let deviation: Double
    /// The standard error of the mean; 0 of a single picture. Numbers of one picture are not taken for independent: the
    /// error is that of a ratio of sums over pictures (Cochran 1977, Sampling Techniques, 6.4).
    public let error: Double
    /// Numbers.
    public let count: Int
    /// Pictures that they come from.
    public let pictures: Int

    /// Sums up one place's numbers, a tally for each picture; `nil` where there are none.
    public init?(_ tallies: [Tally]) {
        let tallies = tallies.filter { $0.count > 0 }
        var all = Tally()
        for tally in tallies { all.add(tally) }
        guard let mean = all.mean, let deviation = all.deviation else { return nil }
        self.mean = mean
        self.deviation = deviation
        (count, pictures) = (all.count, tallies.count)
        let squares = tallies.reduce(0.0) { sum, tally in
            let rest = tally.sum - mean * Double(tally.count)
            return sum + rest * rest
        }
        let scale = Double(tallies.count) / Double(max(1, tallies.count - 1))
        error = tallies.count < 2 ? 0 : (scale * squares).squareRoot() / Double(all.count)
    }
}

/// The estimates of an experiment by the place that they belong to.
public struct Estimates: Sendable {
    /// Places in the order in which they were first seen.
    public let keys: [MeasurementKey]
    private let values: [MeasurementKey: Estimate]

    /// Sums up what was found in each picture.
    public init(_ items: [ItemResult]) {
        var keys: [MeasurementKey] = []
        var tallies: [MeasurementKey: [Tally]] = [:]
        for item in items {
            for key in item.measurements.keys {
                if tallies[key] == nil { keys.append(key) }
                tallies[key, default: []].append(item.measurements[key])
            }
        }
        self.keys = keys
        values = tallies.compactMapValues { Estimate($0) }
    }

    /// What was found at a place; `nil` for nothing.
    public subscript(key: MeasurementKey) -> Estimate? { values[key] }
}
