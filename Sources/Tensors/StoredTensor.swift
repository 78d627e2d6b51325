internal import CKernels

/// Bytes of a stored tensor, usually in a memory-mapped file: row-major, little endian.
///
/// Unchecked because `bytes` is a pointer: the bytes are never written, and `owner` keeps them alive.
public struct StoredTensor: @unchecked Sendable {
    /// The name in the file, for messages.
    public let name: String
    /// How the elements are encoded.
    public let type: ElementType
    /// Dimensions, outermost first.
    public let shape: [Int]
    /// The elements; need not be aligned.
    public let bytes: UnsafeRawBufferPointer
    let owner: AnyObject

    /// Wraps bytes that `owner` keeps alive and unchanged. `bytes.count` must be the product of the shape times the
    /// element size.
    public init(name: String, type: ElementType, shape: [Int], bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        precondition(bytes.count == shape.reduce(type.byteCount, *), "\(name): \(bytes.count) bytes for \(shape)")
        self.name = name
        self.type = type
        self.shape = shape
        self.bytes = bytes
        self.owner = owner
    }

    /// Elements of the whole tensor.
    public var elementCount: Int { bytes.count / type.byteCount }

    /// Rows of a matrix: the outermost dimension; 1 for a vector.
    var rowCount: Int { shape.count > 1 ? shape[0] : 1 }

    /// Elements of one row: the product of all dimensions but the outermost (a convolution's kernel is one row).
    var rowLength: Int { shape.count > 1 ? shape[1...].reduce(1, *) : elementCount }

    /// All elements, converted.
    public func floats() -> [Float] {
        [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
            count = elementCount
            if let base = buffer.baseAddress { read(0..<count, into: base) }
        }
    }

    /// Converts the elements `range` into `destination`.
    func read(_ range: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
        guard let base = bytes.baseAddress, !range.isEmpty else { return }
        let source = base + range.lowerBound * type.byteCount
        switch type {
        case .f32: UnsafeMutableRawPointer(destination).copyMemory(from: source, byteCount: range.count * 4)
        case .f16: Self.kernels.f32_from_f16(source.assumingMemoryBound(to: UInt16.self), range.count, destination)
        case .bf16: Self.kernels.f32_from_bf16(source.assumingMemoryBound(to: UInt16.self), range.count, destination)
        }
    }

    private static var kernels: ck_kernels { ck_best().pointee }
}
