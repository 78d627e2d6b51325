import Tensors

/// The metadata of a packed file, checked against its tensors before anything is mapped to a layer.
struct PackedHeader {
    /// How names of panel tensors end.
    static let suffix = ".panels"

    let metadata: [String: String]
    let path: String

    /// What the writer puts down besides the records.
    static func fields(format: WeightFormat, totals: CheckpointTotals) -> [String: String] {
        [
            "fovea.version": String(PackedCheckpoint.version),
            "fovea.packing": String(Linear.packingVersion),
            "fovea.format": format.rawValue,
            "fovea.tensors": String(totals.tensors),
            "fovea.parameters": String(totals.parameters),
            "fovea.bytes": String(totals.bytes),
        ]
    }

    /// Refuses files of other versions, and files that are something else.
    func checkVersion() throws(WeightsError) {
        for (key, current) in [
            ("fovea.version", PackedCheckpoint.version), ("fovea.packing", Linear.packingVersion),
        ] {
            guard let written = metadata[key] else {
                throw malformed("has no \"\(key)\" in its metadata: it is no file that fovea convert wrote")
            }
            guard written == String(current) else {
                throw WeightsError(
                    .wrongPacking,
                    file: path,
                    "\"\(key)\" is \(written); this version of Fovea reads \(current): run fovea convert again"
                )
            }
        }
    }

    func format() throws(WeightsError) -> WeightFormat {
        let name = metadata["fovea.format"] ?? "missing"
        guard let format = WeightFormat(rawValue: name) else {
            let known = WeightFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw malformed("\"fovea.format\" is \(name); known are \(known)")
        }
        return format
    }

    func totals() throws(WeightsError) -> CheckpointTotals {
        var numbers: [Int] = []
        for key in ["fovea.tensors", "fovea.parameters", "fovea.bytes"] {
            guard let number = metadata[key].flatMap({ Int($0) }), number >= 0 else {
                throw malformed("\"\(key)\" is \(metadata[key] ?? "missing"); it must be a count")
            }
            numbers.append(number)
        }
        return CheckpointTotals(tensors: numbers[0], parameters: numbers[1], bytes: numbers[2])
    }

    /// The record of a panel tensor, whose bytes must be as many as the record needs and lie aligned.
    func record(of entry: SafetensorsFile.Entry, dataStart: Int) throws(WeightsError) -> PackedRecord {
        guard let text = metadata[entry.name], let record = PackedRecord(text) else {
            throw malformed("its metadata does not say what was packed", tensor: entry.name)
        }
        guard PackedRecord.tensorName(record.parts) == entry.name else {
            throw malformed("its metadata describes '\(PackedRecord.tensorName(record.parts))'", tensor: entry.name)
        }
        let needed = record.byteCount
        guard needed == entry.range.count else {
            throw malformed(
                "\(record.text) needs \(needed.map(String.init) ?? "too many") bytes, found \(entry.range.count)",
                tensor: entry.name
            )
        }
        let offset = dataStart + entry.range.lowerBound
        guard offset % Linear.packedAlignment == 0 else {
            throw malformed(
                "lies at byte \(offset), not at a multiple of \(Linear.packedAlignment)",
                tensor: entry.name
            )
        }
        return record
    }

    // MARK: - Private

    private func malformed(_ problem: String, tensor: String? = nil) -> WeightsError {
        WeightsError(.malformed, file: path, tensor: tensor, problem)
    }
}

extension PackedRecord {
    /// Bytes of the panels; nil if they are more than can be counted.
    var byteCount: Int? {
        var inputs = 1
        for count in parts.inputs {
            let (product, overflow) = inputs.multipliedReportingOverflow(by: count)
            guard !overflow else { return nil }
            inputs = product
        }
        let outputs = parts.parts.reduce(0.0) { $0 + Double($1.outputs) }
        guard Double(inputs) * outputs < 0x1p48 else { return nil }
        return Linear.packedByteCount(inputs: inputs, outputs: parts.outputCount, format: format)
    }
}
