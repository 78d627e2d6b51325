import JSON
import Probing

/// Where a number of an experiment belongs: a figure, a curve or bar in it, and a place on its horizontal axis.
public struct MeasurementKey: Sendable, Hashable {
    /// The figure, by its name.
    public let figure: String
    /// The curve or the bar.
    public let series: String
    /// The place on the horizontal axis; `nil` for bars.
    public let x: Int?

    /// Names a place.
    public init(_ figure: String, _ series: String, x: Int? = nil) {
        self.figure = figure
        self.series = series
        self.x = x
    }
}

/// How many numbers were seen, their sum and the sum of their squares: what means and deviations over any number of
/// pictures need.
public struct Tally: Sendable, Equatable {
    /// Numbers seen.
    public private(set) var count = 0
    /// Their sum.
    public private(set) var sum = 0.0
    /// The sum of their squares.
    public private(set) var squares = 0.0

    /// Nothing seen yet.
    public init() {}

    init(count: Int, sum: Double, squares: Double) {
        self.count = count
        self.sum = sum
        self.squares = squares
    }

    /// Counts one number.
    public mutating func add(_ value: Double) {
        count += 1
        sum += value
        squares += value * value
    }

    /// Counts all that another tally has seen.
    public mutating func add(_ other: Tally) {
        count += other.count
        sum += other.sum
        squares += other.squares
    }

    /// The mean; `nil` of nothing.
    public var mean: Double? { count == 0 ? nil : sum / Double(count) }

    /// The standard deviation of the numbers themselves (divided by their count); `nil` of nothing.
    public var deviation: Double? {
        mean.map { max(0, squares / Double(count) - $0 * $0).squareRoot() }
    }
}

/// Numbers by the place that they belong to, in the order in which places were first seen.
public struct Measurements: Sendable, Equatable {
    /// Places in order.
    public private(set) var keys: [MeasurementKey] = []
    private var tallies: [MeasurementKey: Tally] = [:]

    /// None.
    public init() {}

    /// What was counted at a place.
    public subscript(key: MeasurementKey) -> Tally { tallies[key] ?? Tally() }

    /// Counts one number.
    public mutating func add(_ value: Double, to key: MeasurementKey) {
        if tallies[key] == nil { keys.append(key) }
        tallies[key, default: Tally()].add(value)
    }

    /// Counts 1 for what is so and 0 for what is not; the mean is then a share.
    public mutating func add(_ flag: Bool, to key: MeasurementKey) {
        add(flag ? 1.0 : 0.0, to: key)
    }

    /// Counts all that another set of measurements holds.
    public mutating func add(_ other: Measurements) {
        for key in other.keys {
            if tallies[key] == nil { keys.append(key) }
            tallies[key, default: Tally()].add(other[key])
        }
    }
}

// MARK: - JSON

extension Measurements {
    /// One object for each place.
    var json: JSONValue {
        .array(
            keys.map { key in
                let tally = self[key]
                var fields: [String: JSONValue] = [
                    "figure": .string(key.figure), "series": .string(key.series), "n": .integer(tally.count),
                    "sum": .number(tally.sum), "squares": .number(tally.squares),
                ]
                fields["x"] = key.x.map { .integer($0) }
                return .object(fields)
            }
        )
    }

    /// Reads what `json` wrote.
    init(_ field: ProbeField) throws {
        for place in try field.elements() {
            let key = MeasurementKey(
                try place.required("figure").string(),
                try place.required("series").string(),
                x: try place.member("x")?.integer()
            )
            let tally = Tally(
                count: try place.required("n").integer(),
                sum: try place.required("sum").number(),
                squares: try place.required("squares").number()
            )
            guard tallies.updateValue(tally, forKey: key) == nil else {
                throw ProbeError.invalid(place.path, "names a place for the second time")
            }
            keys.append(key)
        }
    }
}
