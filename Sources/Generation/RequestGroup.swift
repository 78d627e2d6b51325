import Synchronization

/// Requests that belong together and share one place in the queue: copies of a request have its group.
public struct RequestGroup: Hashable, Sendable {
    private let number: Int

    private static let next = Atomic(0)

    /// A group of its own.
    public init() {
        number = Self.next.add(1, ordering: .relaxed).oldValue
    }
}
