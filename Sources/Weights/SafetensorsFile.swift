import JSON
internal import Tensors

/// One mapped safetensors file, its header checked against its length.
///
/// Format: https://huggingface.co/docs/safetensors — a little-endian 64-bit header length, that many bytes of JSON,
/// then the data, which the tensors must cover without hole or overlap.
struct SafetensorsFile: Sendable {
    /// The format's own limit for the header, bytes.
    static let headerLimit = 100_000_000
    /// More axes than any model has.
    static let axisLimit = 16

    /// One tensor of the header.
    struct Entry: Sendable {
        let name: String
        let type: StoredType
        let shape: [Int]
        /// Elements, the product of `shape`.
        let count: Int
        /// Bytes, counted from the start of the data.
        let range: Range<Int>
    }

    let file: MappedFile
    let entries: [Entry]
    /// The free text of `__metadata__`.
    let metadata: [String: String]
    /// Bytes before the data.
    let dataStart: Int

    /// Maps the file and checks its header.
    init(path: String) throws(WeightsError) {
        try self.init(MappedFile(path: path))
    }

    /// Checks the header of `file`.
    init(_ file: MappedFile) throws(WeightsError) {
        let headerCount = try Self.headerCount(of: file)
        self.file = file
        dataStart = 8 + headerCount
        let header = UnsafeRawBufferPointer(rebasing: file.bytes[8..<dataStart])
        (entries, metadata) = try Self.contents(of: header, path: file.path)
        try Self.checkCover(entries, dataCount: file.bytes.count - dataStart, path: file.path)
    }

    /// The tensor of an entry, or nothing if its number format cannot be read.
    func tensor(_ entry: Entry) -> StoredTensor? {
        guard let type = entry.type.readable else { return nil }
        return StoredTensor(
            name: entry.name,
            type: type,
            shape: entry.shape,
            bytes: bytes(entry),
            owner: file
        )
    }

    /// The bytes of an entry.
    func bytes(_ entry: Entry) -> UnsafeRawBufferPointer {
        let range = dataStart + entry.range.lowerBound..<dataStart + entry.range.upperBound
        return UnsafeRawBufferPointer(rebasing: file.bytes[range])
    }

    // MARK: - Private

    private static func headerCount(of file: MappedFile) throws(WeightsError) -> Int {
        let available = file.bytes.count - 8
        guard available >= 0 else {
            throw WeightsError(
                .malformed,
                file: file.path,
                "\(file.bytes.count) bytes long; a safetensors file has at least 8: copy it again"
            )
        }
        let count = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
        guard count <= UInt64(headerLimit) else {
            throw WeightsError(
                .tooLarge,
                file: file.path,
                "header of \(count) bytes is over the format's limit of \(headerLimit): not a safetensors file?"
            )
        }
        guard count <= UInt64(available) else {
            throw WeightsError(
                .malformed,
                file: file.path,
                "header of \(count) bytes in a file with \(available) after its length field: it was cut off"
            )
        }
        return Int(count)
    }

    private static func contents(
        of header: UnsafeRawBufferPointer,
        path: String
    ) throws(WeightsError) -> (entries: [Entry], metadata: [String: String]) {
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        var failure: WeightsError?
        var current: String?
        do {
            var cursor = JSONCursor(header)
            try cursor.object { (cursor, name) throws(JSONCursor.Fault) in
                guard name != "__metadata__" else {
                    try cursor.object { (cursor, key) throws(JSONCursor.Fault) in metadata[key] = try cursor.string() }
                    return
                }
                current = name
                let fields = try HeaderFields(&cursor)
                guard failure == nil else { return }
                do throws(WeightsError) {
                    entries.append(try fields.entry(name: name, path: path))
                } catch {
                    failure = error
                }
                current = nil
            }
            try cursor.end()
        } catch {
            throw failure
                ?? WeightsError(
                    error.problem.hasSuffix("occurs twice") ? .duplicate : .malformed,
                    file: path,
                    tensor: current,
                    "header byte \(error.offset): \(error.problem)"
                )
        }
        if let failure { throw failure }
        return (entries, metadata)
    }

    private static func checkCover(_ entries: [Entry], dataCount: Int, path: String) throws(WeightsError) {
        var end = 0
        // Empty tensors sort before the one that begins where they lie.
        let ordered = entries.map { (start: $0.range.lowerBound, end: $0.range.upperBound, entry: $0) }
            .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        for (_, _, entry) in ordered {
            guard entry.range.upperBound <= dataCount else {
                throw WeightsError(
                    .malformed,
                    file: path,
                    tensor: entry.name,
                    "ends at byte \(entry.range.upperBound) of \(dataCount) bytes of data: the file was cut off"
                )
            }
            guard entry.range.lowerBound == end else {
                let fault = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a hole before it"
                throw WeightsError(
                    .malformed,
                    file: path,
                    tensor: entry.name,
                    "begins at byte \(entry.range.lowerBound), expected \(end): \(fault)"
                )
            }
            end = entry.range.upperBound
        }
        guard end == dataCount else {
            throw WeightsError(.malformed, file: path, "tensors end at byte \(end) of \(dataCount) bytes of data")
        }
    }
}
