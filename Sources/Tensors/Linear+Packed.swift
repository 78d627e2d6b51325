extension Linear {
    /// Version of the order of bytes in panels. Raised whenever a format's changes, so that files that hold panels are
    /// packed again instead of misread.
    public static let packingVersion = 2

    /// Bytes that packed weights take, the bias not counted.
    public static func packedByteCount(inputs: Int, outputs: Int, format: WeightFormat) -> Int {
        panelCount(outputs) * panelByteCount(inputs: inputs, format: format)
    }

    /// Weights that were packed before: the `withPackedBytes` of a layer of the same shape and format, aligned to 64
    /// bytes, which `owner` keeps alive and unchanged. The byte count must be `packedByteCount`.
    public convenience init(
        packed bytes: UnsafeRawBufferPointer,
        owner: AnyObject,
        inputs: Int,
        outputs: Int,
        bias: [StoredTensor]?,
        format: WeightFormat
    ) {
        let needed = Self.packedByteCount(inputs: inputs, outputs: outputs, format: format)
        precondition(bytes.count == needed, "\(bytes.count) packed bytes for \(outputs) × \(inputs)")
        let address = Int(bitPattern: bytes.baseAddress)
        precondition(address % Self.packedAlignment == 0, "packed weights at an address that is not aligned")
        self.init(
            panels: AlignedMemory(borrowing: bytes, owner: owner),
            inputs: inputs,
            outputs: outputs,
            bias: bias,
            format: format
        )
    }

    /// Alignment of packed weights, bytes.
    public static let packedAlignment = 64

    /// Calls `body` with the packed weights, the bias not among them.
    public func withPackedBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(panels) {} }
        let count = Self.packedByteCount(inputs: inputs, outputs: outputs, format: format)
        return try body(UnsafeRawBufferPointer(start: panels.raw, count: count))
    }
}
