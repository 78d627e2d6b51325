public import Foundation
public import Tensors

/// Weights that were packed once and are mapped as they are: opening reads the header alone, and no weight is copied.
///
/// `packed.safetensors` holds the panels of each linear layer as one `U8` tensor `<first part>.panels`, aligned to 64
/// bytes, and every other tensor as it was stored. Its metadata says how the panels were made: `fovea.version`,
/// `fovea.packing` (the order of bytes within panels), `fovea.format`, the totals of the original, and for each panel
/// tensor a ``PackedRecord``.
public final class PackedCheckpoint: Sendable {
    /// The file's name within a model directory.
    public static let fileName = "packed.safetensors"
    /// Version of names and metadata.
    static let version = 2

    /// Where the file lies.
    public let location: String
    /// Sums over the tensors of the checkpoint that was packed.
    public let totals: CheckpointTotals

    private let tensors: Checkpoint
    private let mapped: SafetensorsFile
    private let format: WeightFormat
    private let records: [String: PackedRecord]
    /// Names that are there as parts of a layer.
    private let packedNames: Set<String>

    /// Whether `directory` holds packed weights.
    public static func isPresent(in directory: URL) -> Bool {
        FileManager.default.fileExists(atPath: directory.appendingPathComponent(fileName).path)
    }

    /// Maps the packed weights of `directory`.
    ///
    /// - Throws: ``WeightsError`` with code `malformed` for a broken file, `wrongPacking` for one that another version
    ///   of Fovea packed.
    public init(directory: URL) throws(WeightsError) {
        let file = directory.appendingPathComponent(Self.fileName)
        location = file.path
        mapped = try SafetensorsFile(path: file.path)
        tensors = try Checkpoint(mapped)
        let header = PackedHeader(metadata: mapped.metadata, path: file.path)
        try header.checkVersion()
        format = try header.format()
        totals = try header.totals()
        var records: [String: PackedRecord] = [:]
        var names: Set<String> = []
        for entry in mapped.entries where entry.name.hasSuffix(PackedHeader.suffix) {
            let record = try header.record(of: entry, dataStart: mapped.dataStart)
            records[entry.name] = record
            for part in record.parts.parts { names.insert(part.weightName) }
        }
        self.records = records
        packedNames = names
    }
}

extension PackedCheckpoint: WeightSource {
    /// Whether a tensor of that name is there, by itself or within a layer.
    public func contains(_ name: String) -> Bool { packedNames.contains(name) || tensors.contains(name) }

    /// Whether any tensor's name begins with `prefix`.
    public func contains(prefix: String) -> Bool { tensors.contains(prefix: prefix) }

    /// A tensor that is not part of a layer.
    public func tensor(_ name: String, shape: [Int]) throws(WeightsError) -> StoredTensor {
        guard tensors.contains(name) || !packedNames.contains(name) else {
            throw WeightsError(
                .wrongPacking,
                file: location,
                tensor: name,
                "is packed and cannot be read as it was stored; use the directory that was converted"
            )
        }
        return try tensors.tensor(name, shape: shape)
    }

    /// The layer, in the memory of the mapped file.
    public func linear(_ parts: LinearParts, format: WeightFormat, compute: Compute) throws(WeightsError) -> Linear {
        let name = PackedRecord.tensorName(parts)
        let wanted = PackedRecord(parts, format: format)
        guard let record = records[name], let (_, entry) = tensors.entry(name) else {
            throw WeightsError(.missing, file: location, tensor: name, "expected \(wanted.text), found no such tensor")
        }
        guard record == wanted else {
            throw WeightsError(
                .wrongPacking,
                file: location,
                tensor: name,
                "expected \(wanted.text), found \(record.text): run fovea convert again"
            )
        }
        return Linear(
            packed: mapped.bytes(entry),
            owner: mapped.file,
            inputs: parts.inputCount,
            outputs: parts.outputCount,
            bias: try biases(parts),
            format: format
        )
    }

    /// The format that the weights were packed in; no other can be had.
    public func format(_ wanted: WeightFormat?) throws(WeightsError) -> WeightFormat {
        guard wanted == nil || wanted == format else {
            throw WeightsError(
                .wrongPacking,
                file: location,
                "holds \(format.rawValue) weights and cannot give \(wanted?.rawValue ?? "others"): leave the format to "
                    + "the model, or convert the original checkpoint again"
            )
        }
        return format
    }

    /// None: what the model had no use for was not packed.
    public func unused() -> [String] { [] }
}
