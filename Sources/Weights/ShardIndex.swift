import JSON
internal import Foundation

/// `model.safetensors.index.json`: which file of a directory holds which tensor.
struct ShardIndex {
    /// Larger than any published index, bytes.
    static let sizeLimit = 100_000_000
    /// More files than any published checkpoint has.
    static let shardLimit = 4096

    /// File name by tensor name.
    let files: [String: String]

    /// File names in order.
    var shards: [String] { Set(files.values).sorted() }

    /// Reads and checks the index at `path`.
    init(path: String) throws(WeightsError) {
        let file = try MappedFile(path: path)
        guard file.bytes.count <= Self.sizeLimit else {
            throw WeightsError(.tooLarge, file: path, "\(file.bytes.count) bytes, over the limit of \(Self.sizeLimit)")
        }
        files = try Self.weightMap(file)
        for (tensor, name) in files where !Self.isPlainName(name) {
            throw WeightsError(
                .badIndex,
                file: path,
                tensor: tensor,
                "file '\(name)' is not a plain name: shards must lie beside their index"
            )
        }
        let count = Set(files.values).count
        guard (1...Self.shardLimit).contains(count) else {
            throw WeightsError(.badIndex, file: path, "names \(count) files, expected 1 to \(Self.shardLimit)")
        }
    }

    // MARK: - Private

    private static func weightMap(_ file: MappedFile) throws(WeightsError) -> [String: String] {
        var files: [String: String]?
        do {
            var cursor = JSONCursor(file.bytes)
            try cursor.object { (cursor, key) throws(JSONCursor.Fault) in
                guard key == "weight_map" else { return try cursor.skipValue() }
                var map: [String: String] = [:]
                try cursor.object { (cursor, tensor) throws(JSONCursor.Fault) in map[tensor] = try cursor.string() }
                files = map
            }
            try cursor.end()
        } catch {
            throw WeightsError(.malformed, file: file.path, "byte \(error.offset): \(error.problem)")
        }
        guard let files else { throw WeightsError(.malformed, file: file.path, "has no object 'weight_map'") }
        return files
    }

    /// Links are followed (model caches are made of them); only the name itself may not lead elsewhere.
    private static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
    }
}
