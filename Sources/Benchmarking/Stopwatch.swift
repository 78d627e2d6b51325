/// The middle of some measurements; of two middles the larger.
func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "a median of nothing")
    return values.sorted()[values.count / 2]
}

/// How long `body` takes, and what it gives.
func timed<Value>(_ body: () async throws -> Value) async rethrows -> (seconds: Double, value: Value) {
    let start = ContinuousClock.now
    let value = try await body()
    return ((ContinuousClock.now - start) / .seconds(1), value)
}
