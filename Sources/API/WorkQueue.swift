import Dispatch

/// Runs what takes a handler long (parsing, decoding pictures, tokenizing) away from Swift's cooperative threads.
enum WorkQueue {
    private static let queue = DispatchQueue(label: "fovea.requests", attributes: .concurrent)

    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
