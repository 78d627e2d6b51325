internal import Foundation
internal import Synchronization
public import Tensors

/// Hands a model its weights from another source and writes them down packed, layer by layer, on the way.
///
/// Load a model with it, then call `finish`. The layers that the model gets lie in the file that was just written, so
/// that memory holds one layer at a time and the system may drop the rest.
public final class PackedWriter: WeightSource {
    private let source: any WeightSource
    private let file: String
    private let dataStart: Int
    private let state: Mutex<State>

    private struct State {
        let output: OutputFile
        /// Name, type, shape and bytes of what was written, in order.
        var entries: [SafetensorsHeader.Entry] = []
        var metadata: [String: String] = [:]
        /// Tensors that stay as they are, written last so that panels lie aligned.
        var plain: [String: StoredTensor] = [:]

        var end: Int { entries.last?.range.upperBound ?? 0 }
    }

    /// Writes what is read from `source` to a new file at `path`.
    ///
    /// - Throws: ``WeightsError`` with code `unwritable`.
    public init(_ source: any WeightSource, path: String) throws(WeightsError) {
        self.source = source
        file = path
        dataStart = Self.headerRoom(tensors: source.totals.tensors)
        state = Mutex(State(output: try OutputFile(path: path)))
    }

    /// Writes the remaining tensors and the header.
    ///
    /// - Parameter format: the format that the model was loaded in.
    /// - Throws: ``WeightsError`` with code `unwritable`.
    public func finish(format: WeightFormat) throws(WeightsError) {
        try state.withLock { state throws(WeightsError) in
            for (name, tensor) in state.plain.sorted(by: { $0.key < $1.key }) {
                let type = StoredType(tensor.type)
                try Self.append(tensor.bytes, to: &state, name: name, type: type, shape: tensor.shape, dataStart)
            }
            var metadata = state.metadata
            metadata.merge(PackedHeader.fields(format: format, totals: source.totals)) { $1 }
            let header = SafetensorsHeader(entries: state.entries, metadata: metadata).bytes(length: dataStart)
            guard let header else {
                throw WeightsError(.unwritable, file: file, "its header does not fit into \(dataStart) bytes")
            }
            try state.output.write(header, at: 0)
            try state.output.synchronize()
        }
    }

    // MARK: - WeightSource

    /// The source's.
    public var location: String { source.location }
    /// The source's.
    public var totals: CheckpointTotals { source.totals }
    /// The source's.
    public func contains(_ name: String) -> Bool { source.contains(name) }
    /// The source's.
    public func contains(prefix: String) -> Bool { source.contains(prefix: prefix) }
    /// The source's.
    public func format(_ wanted: WeightFormat?) throws(WeightsError) -> WeightFormat { try source.format(wanted) }
    /// The source's.
    public func unused() -> [String] { source.unused() }

    /// The source's tensor, which will be written as it is.
    public func tensor(_ name: String, shape: [Int]) throws(WeightsError) -> StoredTensor {
        let tensor = try source.tensor(name, shape: shape)
        state.withLock { $0.plain[name] = tensor }
        return tensor
    }

    /// Packs the layer, writes it, and gives it back in the memory of the file.
    public func linear(_ parts: LinearParts, format: WeightFormat, compute: Compute) throws(WeightsError) -> Linear {
        let packed = try source.linear(parts, format: format, compute: compute)
        let record = PackedRecord(parts, format: format)
        let name = PackedRecord.tensorName(parts)
        let range = try packed.withPackedBytes { (bytes) throws(WeightsError) in
            try state.withLock { state throws(WeightsError) in
                state.metadata[name] = record.text
                return try Self.append(bytes, to: &state, name: name, type: .u8, shape: [bytes.count], dataStart)
            }
        }
        let mapped = try MappedFile(path: file, range: range)
        return Linear(
            packed: mapped.bytes,
            owner: mapped,
            inputs: parts.inputCount,
            outputs: parts.outputCount,
            bias: try biases(parts),
            format: format
        )
    }

    // MARK: - Private

    /// Bytes to leave in front of the data for the header, which is known last: whole pages, about twice what names and
    /// records take.
    private static func headerRoom(tensors: Int) -> Int {
        let largest = 1 << 20
        return tensors == 0 ? largest : (64 << 10) + (tensors << 10) / 4096 * 4096
    }

    /// Writes a tensor behind the others; where it lies in the file.
    @discardableResult
    private static func append(
        _ bytes: UnsafeRawBufferPointer,
        to state: inout State,
        name: String,
        type: StoredType,
        shape: [Int],
        _ dataStart: Int
    ) throws(WeightsError) -> Range<Int> {
        let range = state.end..<state.end + bytes.count
        try state.output.write(bytes, at: dataStart + range.lowerBound)
        state.entries.append(SafetensorsHeader.Entry(name: name, type: type, shape: shape, range: range))
        return dataStart + range.lowerBound..<dataStart + range.upperBound
    }
}
