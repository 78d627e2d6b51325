public import Foundation
internal import Synchronization
public import Tensors

/// The weights of one model: `model.safetensors`, or several files and `model.safetensors.index.json`.
///
/// Opening maps the files and checks their headers; no weight is read or copied.
public final class Checkpoint: Sendable {
    /// Where the files lie.
    public let directory: URL
    /// Every tensor, in order of name, whether or not its number format can be read.
    public let tensorNames: [String]
    /// Sums over all tensors.
    public let totals: CheckpointTotals

    private let shards: [SafetensorsFile]
    private let places: [String: Place]
    private let used = Mutex<Set<String>>([])

    /// Opens the checkpoint in `directory`.
    ///
    /// - Throws: ``WeightsError`` if a file is missing, cut off or broken, or if two files hold the same tensor.
    public convenience init(directory: URL) throws(WeightsError) {
        try self.init(directory, shards: Self.open(directory))
    }

    /// Opens one safetensors file.
    public convenience init(file: URL) throws(WeightsError) {
        try self.init(file.deletingLastPathComponent(), shards: [SafetensorsFile(path: file.path)])
    }

    /// Wraps one file that is mapped already.
    convenience init(_ file: SafetensorsFile) throws(WeightsError) {
        try self.init(URL(fileURLWithPath: file.file.path).deletingLastPathComponent(), shards: [file])
    }

    private init(_ directory: URL, shards opened: [SafetensorsFile]) throws(WeightsError) {
        self.directory = directory
        shards = opened
        places = try Self.places(in: opened)
        tensorNames = places.keys.sorted()
        totals = CheckpointTotals(opened.lazy.flatMap(\.entries))
    }

    /// The tensor of that name, or nothing if there is none or its number format cannot be read.
    ///
    /// Counts as a use.
    public func tensor(_ name: String) -> StoredTensor? {
        guard let (shard, entry) = find(name), let tensor = shard.tensor(entry) else { return nil }
        used.withLock { _ = $0.insert(name) }
        return tensor
    }

    /// Names of tensors that were never read, so that the caller can warn.
    ///
    /// - Parameter harmless: name components whose tensors are left out.
    public func unused(ignoring harmless: Set<String>) -> [String] {
        let read = used.withLock { $0 }
        return tensorNames.filter { name in
            !read.contains(name) && harmless.isDisjoint(with: name.split(separator: ".").map(String.init))
        }
    }

    /// Buffers that are computed, and a norm whose output LLaVA drops.
    static let harmlessNames: Set<String> = ["position_ids", "inv_freq", "post_layernorm"]

    // MARK: - For WeightSource

    func holds(_ name: String) -> Bool {
        places[name] != nil
    }

    /// Whether any tensor's name begins with `prefix`.
    func holds(prefix: String) -> Bool {
        let index = position(of: prefix)
        return index < tensorNames.count && tensorNames[index].hasPrefix(prefix)
    }

    /// The names that sort next to one that is not there.
    func neighbours(of name: String) -> [String] {
        let index = position(of: name)
        return Array(tensorNames[max(0, index - 1)..<min(tensorNames.count, index + 2)])
    }

    /// A tensor's entry and file.
    func entry(_ name: String) -> (shard: SafetensorsFile, entry: SafetensorsFile.Entry)? { find(name) }

    /// What the file says of a tensor, with the file's path.
    func description(of name: String) -> (path: String, type: StoredType, shape: [Int])? {
        find(name).map { ($0.file.path, $1.type, $1.shape) }
    }

    // MARK: - Private

    private struct Place {
        let shard: Int
        let entry: Int
    }

    private func find(_ name: String) -> (shard: SafetensorsFile, entry: SafetensorsFile.Entry)? {
        places[name].map { (shards[$0.shard], shards[$0.shard].entries[$0.entry]) }
    }

    /// Index of the first name that does not sort before `name`.
    private func position(of name: String) -> Int {
        var range = 0..<tensorNames.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = tensorNames[middle] < name ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    private static func open(_ directory: URL) throws(WeightsError) -> [SafetensorsFile] {
        func path(_ name: String) -> String { directory.appendingPathComponent(name).path }
        let (single, index) = (path("model.safetensors"), path("model.safetensors.index.json"))
        if FileManager.default.fileExists(atPath: single) { return [try SafetensorsFile(path: single)] }
        guard FileManager.default.fileExists(atPath: index) else {
            throw WeightsError(
                .unreadable,
                file: directory.path,
                "holds neither model.safetensors nor model.safetensors.index.json"
            )
        }
        let map = try ShardIndex(path: index)
        var shards: [SafetensorsFile] = []
        for name in map.shards { shards.append(try SafetensorsFile(path: path(name))) }
        try check(map, shards, index)
        return shards
    }

    private static func check(_ map: ShardIndex, _ shards: [SafetensorsFile], _ index: String) throws(WeightsError) {
        let names = shards.map { Set($0.entries.map(\.name)) }
        let held = Dictionary(uniqueKeysWithValues: zip(map.shards, names))
        for (tensor, file) in map.files.sorted(by: { $0.key < $1.key }) where held[file]?.contains(tensor) != true {
            throw WeightsError(.badIndex, file: index, tensor: tensor, "is not in '\(file)', where the index puts it")
        }
    }

    private static func places(in shards: [SafetensorsFile]) throws(WeightsError) -> [String: Place] {
        var places: [String: Place] = [:]
        for (shard, file) in shards.enumerated() {
            for (index, entry) in file.entries.enumerated() {
                if let first = places.updateValue(Place(shard: shard, entry: index), forKey: entry.name) {
                    let other = shards[first.shard].file.path
                    throw WeightsError(.duplicate, file: file.file.path, tensor: entry.name, "is in '\(other)' too")
                }
            }
        }
        return places
    }
}
