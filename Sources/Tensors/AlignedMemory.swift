#if canImport(Glibc)
    internal import Glibc
#endif

/// A block of memory, aligned to cache lines; large blocks to huge pages, which the system is asked to use.
///
/// Unchecked because it hands out pointers: who may write when is the business of its single owner.
final class AlignedMemory: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer
    let byteCount: Int
    /// Keeps borrowed memory alive; nil for memory of its own.
    private let owner: AnyObject?

    private static let cacheLine = 64
    private static let hugePage = 2 << 20

    /// Allocates; content is unspecified unless `zeroed`.
    init(byteCount: Int, zeroed: Bool = true) {
        self.byteCount = byteCount
        owner = nil
        let isLarge = byteCount >= 2 * Self.hugePage
        raw = .allocate(byteCount: max(byteCount, 1), alignment: isLarge ? Self.hugePage : Self.cacheLine)
        #if canImport(Glibc)
            // Walking weights by 4 KB pages costs a few percent of the read bandwidth; a refusal changes nothing else.
            if isLarge { _ = madvise(raw, byteCount, MADV_HUGEPAGE) }
        #endif
        if zeroed { raw.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }
    }

    /// Wraps memory that `owner` keeps alive and unchanged; nobody may write to it.
    init(borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        guard let base = bytes.baseAddress else { preconditionFailure("no memory to borrow") }
        raw = UnsafeMutableRawPointer(mutating: base)
        byteCount = bytes.count
        self.owner = owner
    }

    deinit { if owner == nil { raw.deallocate() } }

    var floats: UnsafeMutablePointer<Float> { raw.assumingMemoryBound(to: Float.self) }
}

/// Memory that grows to the largest size asked for and is then reused.
struct ScratchBuffer {
    private var memory = AlignedMemory(byteCount: 0)

    /// At least `byteCount` bytes whose content is unspecified, valid until the next call.
    mutating func bytes(_ byteCount: Int) -> UnsafeMutableRawPointer {
        if memory.byteCount < byteCount { memory = AlignedMemory(byteCount: byteCount + byteCount / 4, zeroed: false) }
        return memory.raw
    }
}
