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

    /// Sums cannot overflow by much: every byte counted lies in a mapped file.
    init(_ entries: some Sequence<SafetensorsFile.Entry>) {
        for entry in entries {
            tensors += 1
            parameters += entry.count
            bytes += entry.range.count
            elementTypes[entry.type.rawValue, default: 0] += entry.count
        }
    }
}
