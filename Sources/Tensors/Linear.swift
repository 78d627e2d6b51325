internal import CKernels

/// The weights of y = x Wᵀ + b, packed once into panels of 32 outputs.
public final class Linear: Sendable {
    /// Columns of x.
    public let inputs: Int
    /// Columns of y.
    public let outputs: Int
    /// How the weights are held.
    public let format: WeightFormat

    let panels: AlignedMemory
    let bias: AlignedMemory?

    /// Packs the rows of `parts`, stacked in order (fused QKV, gate and up), in parallel.
    ///
    /// Each part is [outputs, inputs] (trailing dimensions of a convolution count as inputs), all with equal inputs.
    /// `bias` holds vectors whose lengths add up to the outputs; nil is none. The shapes must have been checked.
    public init(_ parts: [StoredTensor], bias: [StoredTensor]?, format: WeightFormat, compute: Compute) {
        precondition(!parts.isEmpty, "a linear layer without weights")
        inputs = parts[0].rowLength
        outputs = parts.reduce(0) { $0 + $1.rowCount }
        self.format = format
        for part in parts { precondition(part.rowLength == inputs, "\(part.name): \(part.shape), inputs \(inputs)") }
        self.bias = bias.map { Self.stack($0, outputs: parts.reduce(0) { $0 + $1.rowCount }) }
        panels = Self.pack(parts, inputs: inputs, outputs: outputs, format: format, compute: compute)
    }

    /// Takes panels that are packed already.
    init(panels: AlignedMemory, inputs: Int, outputs: Int, bias: [StoredTensor]?, format: WeightFormat) {
        self.inputs = inputs
        self.outputs = outputs
        self.format = format
        self.bias = bias.map { Self.stack($0, outputs: outputs) }
        self.panels = panels
    }

    /// Bytes of the packed weights and the bias.
    public var byteCount: Int { panels.byteCount + (bias?.byteCount ?? 0) }

    var panelCount: Int { Self.panelCount(outputs) }

    /// Bytes of one panel.
    var panelByteCount: Int { Self.panelByteCount(inputs: inputs, format: format) }

    static func panelCount(_ outputs: Int) -> Int { (outputs + panelWidth - 1) / panelWidth }

    static func panelByteCount(inputs: Int, format: WeightFormat) -> Int { ck_panel_size(format.kernelFormat, inputs) }

    /// The layer that computes the outputs of one panel alone, without bias, and the column of `output` in it.
    func panel(of output: Int) -> (layer: Linear, column: Int) {
        let index = output / Self.panelWidth
        let size = Self.panelByteCount(inputs: inputs, format: format)
        let bytes = UnsafeRawBufferPointer(start: panels.raw + index * size, count: size)
        let layer = Linear(
            panels: AlignedMemory(borrowing: bytes, owner: panels),
            inputs: inputs,
            outputs: min(Self.panelWidth, outputs - index * Self.panelWidth),
            bias: nil,
            format: format
        )
        return (layer, output % Self.panelWidth)
    }

    // MARK: - Private

    private static let panelWidth = Int(CK_PANEL)

    private static func stack(_ parts: [StoredTensor], outputs: Int) -> AlignedMemory {
        let count = parts.reduce(0) { $0 + $1.elementCount }
        precondition(count == outputs, "a bias of \(count) for \(outputs) outputs")
        let memory = AlignedMemory(byteCount: count * MemoryLayout<Float>.stride)
        var next = memory.floats
        for part in parts {
            part.read(0..<part.elementCount, into: next)
            next += part.elementCount
        }
        return memory
    }

    private static func pack(
        _ parts: [StoredTensor],
        inputs: Int,
        outputs: Int,
        format: WeightFormat,
        compute: Compute
    ) -> AlignedMemory {
        let panelSize = panelByteCount(inputs: inputs, format: format)
        // Left to the threads that fill it, which also share the cost of first touching it.
        let memory = AlignedMemory(byteCount: panelCount(outputs) * panelSize, zeroed: false)
        let rows = StackedRows(parts)
        compute.pool.run(tasks: panelCount(outputs)) { panel, _ in
            let range = panel * panelWidth..<min((panel + 1) * panelWidth, outputs)
            let sources = range.map { rows.address($0) }
            let types = range.map { rows.type($0) }
            withUnsafePointer(to: compute.kernels) { table in
                let destination = memory.raw + panel * panelSize
                ck_pack_panel(table, sources, types, range.count, inputs, format.kernelFormat, destination)
            }
        }
        return memory
    }
}

/// Rows of several tensors under one numbering.
private struct StackedRows: Sendable {
    private let parts: [StoredTensor]
    private let starts: [Int]

    init(_ parts: [StoredTensor]) {
        self.parts = parts
        var starts: [Int] = []
        var next = 0
        for part in parts {
            starts.append(next)
            next += part.rowCount
        }
        self.starts = starts
    }

    func address(_ row: Int) -> UnsafeRawPointer? {
        let part = index(row)
        let rowBytes = parts[part].rowLength * parts[part].type.byteCount
        return parts[part].bytes.baseAddress.map { $0 + (row - starts[part]) * rowBytes }
    }

    func type(_ row: Int) -> ck_type { parts[index(row)].type.kernelType }

    private func index(_ row: Int) -> Int { (starts.lastIndex { $0 <= row }) ?? 0 }
}
