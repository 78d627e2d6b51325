internal import CKernels

/// How keys and values are held.
public enum KeyValueFormat: Sendable, Hashable {
    /// Single precision.
    case f32
    /// bfloat16, nearest even; queries and probabilities are rounded alike before they meet them.
    case bf16

    var kernelType: ck_type {
        switch self {
        case .f32: CK_F32
        case .bf16: CK_BF16
        }
    }
}

/// Heads and format of stored keys and values.
public struct KeyValueShape: Sendable, Hashable {
    /// Key and value heads.
    public let heads: Int
    /// Values of one head.
    public let headDim: Int
    /// How they are held.
    public let format: KeyValueFormat

    /// Makes a shape.
    public init(heads: Int, headDim: Int, format: KeyValueFormat) {
        self.heads = heads
        self.headDim = headDim
        self.format = format
    }

    /// Bytes of a page of `positions` positions.
    public func byteCount(positions: Int) -> Int { heads * (keyBytes(positions) + valueBytes(positions)) }

    /// Columns of a row of all heads.
    var width: Int { heads * headDim }

    /// Whole cache lines, so that every head starts on one.
    func keyBytes(_ positions: Int) -> Int { (ck_keys_size(format.kernelType, positions, headDim) + 63) & ~63 }

    func valueBytes(_ positions: Int) -> Int { (ck_values_size(format.kernelType, positions, headDim) + 63) & ~63 }
}

/// Keys and values of some consecutive positions, in the order in which attention reads them: a head's keys as panels
/// of a matrix product, its values as rows, in bf16 with neighbouring positions side by side.
///
/// Unchecked because of the shared memory: whoever stores must be the page's only user at that time.
public final class KeyValuePage: @unchecked Sendable {
    /// What it holds of a position.
    public let shape: KeyValueShape
    /// Positions that it has room for.
    public let capacity: Int
    private let memory: AlignedMemory

    /// A page of unspecified content. `capacity` is a multiple of 32.
    public init(_ shape: KeyValueShape, capacity: Int) {
        precondition(capacity % Int(CK_PANEL) == 0, "a page of \(capacity) positions")
        self.shape = shape
        self.capacity = capacity
        memory = AlignedMemory(byteCount: shape.byteCount(positions: capacity), zeroed: false)
    }

    /// A page of the same content.
    public func copy() -> KeyValuePage {
        let page = KeyValuePage(shape, capacity: capacity)
        page.memory.raw.copyMemory(from: memory.raw, byteCount: memory.byteCount)
        return page
    }

    /// A position's key, `[heads · headDim]`.
    public func key(_ position: Int) -> [Float] {
        row { ck_load_key(shape.format.kernelType, keys(head: $0), position, shape.headDim, $1) }
    }

    /// A position's value, `[heads · headDim]`.
    public func value(_ position: Int) -> [Float] {
        row { ck_load_value(shape.format.kernelType, values(head: $0), position, shape.headDim, $1) }
    }

    /// Writes a position of another page of the same shape, bit for bit; later positions are then lost.
    public func copyPosition(_ position: Int, of other: KeyValuePage, to target: Int) {
        precondition(other.shape == shape && position < other.capacity && target < capacity, "another page's position")
        let (kernels, type, dim) = (ck_best().pointee, shape.format.kernelType, shape.headDim)
        let (key, value) = (other.key(position), other.value(position))
        for head in 0..<shape.heads {
            let range = head * dim..<(head + 1) * dim
            key[range].withUnsafeBufferPointer {
                kernels.store_keys(type, $0.baseAddress, dim, 1, dim, target, keys(head: head))
            }
            value[range].withUnsafeBufferPointer {
                kernels.store_values(type, $0.baseAddress, dim, 1, dim, target, values(head: head))
            }
        }
    }

    func keys(head: Int) -> UnsafeMutableRawPointer {
        memory.raw + head * (shape.keyBytes(capacity) + shape.valueBytes(capacity))
    }

    func values(head: Int) -> UnsafeMutableRawPointer { keys(head: head) + shape.keyBytes(capacity) }

    // MARK: - Private

    private func row(_ load: (Int, UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        [Float](unsafeUninitializedCapacity: shape.width) { buffer, count in
            count = shape.width
            guard let base = buffer.baseAddress else { return }
            for head in 0..<shape.heads { load(head, base + head * shape.headDim) }
        }
    }
}
