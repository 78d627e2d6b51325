internal import CKernels

/// What a thread asks memory for while it has nothing to do: the beginning of its part of what comes next.
///
/// Lines are asked for, never read, so what is there may be gone by then.
struct ReadAhead {
    /// The next line.
    private(set) var next: UnsafeRawPointer?
    private var left = 0

    /// Bytes for one thread: half of a core's second cache where that is large. No pause is long enough for more.
    static let limit = 1 << 20
    static let line = 64

    /// The part of one of several threads.
    init(_ bytes: UnsafeRawBufferPointer?, thread: Int, of threads: Int) {
        guard let bytes, let base = bytes.baseAddress else { return }
        let (first, end) = (bytes.count * thread / threads, bytes.count * (thread + 1) / threads)
        (next, left) = (base + first, min(end - first, Self.limit))
    }

    /// Asks for the next line; false when all has been asked for.
    mutating func step() -> Bool {
        guard left > 0, let address = next else { return false }
        ck_read_ahead(address)
        (next, left) = (address + Self.line, left - Self.line)
        return true
    }
}
