/// Sums over the tensors of a checkpoint.
public struct CheckpointTotals: Sendable, Equatable {
    /// Number of tensors.
    public private(set) var tensors = 0
    /// Number of elements of all tensors.
    public private(set) var parameters = 0
    /// Bytes of all tensors.
    public private(set) var bytes = 0
    /// Number of elements by number format, as the files name it (`F32`, `BF16`, …).
    public private(set) var elementTypes: [String: Int] = [:]

    init() {}

    /// Sums that were written down before.
    init(tensors: Int, parameters: Int, bytes: Int) {
        self.tensors = tensors
        self.parameters = parameters
        self.bytes = bytes
    }

    /// Sums cannot overflow by much: every byte counted lies in a mapped file.
    init(_ entries: some Sequence<SafetensorsFile.Entry>) {
        for entry in entries { add(type: entry.type.rawValue, elements: entry.count, bytes: entry.range.count) }
    }

    /// Counts one more tensor.
    mutating func add(type: String, elements: Int, bytes: Int) {
        tensors += 1
        parameters += elements
        self.bytes += bytes
        elementTypes[type, default: 0] += elements
    }
}
