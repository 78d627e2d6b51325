extension WorkerPool {
    /// `transform` of every task in 0..<count, in order. The same rules hold as for `run`.
    public func map<Value: Sendable>(_ count: Int, _ transform: @Sendable (_ task: Int) -> Value) -> [Value] {
        Array(unsafeUninitializedCapacity: count) { buffer, initialized in
            let slots = Slots(base: buffer.baseAddress)
            run(tasks: count) { task, _ in
                guard let base = slots.base else { return }
                (base + task).initialize(to: transform(task))
            }
            initialized = count
        }
    }
}

/// Unchecked because of the pointer: each task writes its own element.
private struct Slots<Value>: @unchecked Sendable {
    let base: UnsafeMutablePointer<Value>?
}
