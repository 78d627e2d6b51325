import Foundation
import JSON
import ModelFixtures
import Models
import Tensors

/// A fixture's files in a directory of their own, to be damaged; removed with the last reference.
final class CopiedCheckpoint {
    let directory: URL

    init(_ fixture: ModelFixture = .mhaCrop) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path)
        where !name.hasPrefix("expected.") {
            try FileManager.default.copyItem(
                at: fixture.directory.appendingPathComponent(name),
                to: directory.appendingPathComponent(name)
            )
        }
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func data(_ name: String) throws -> Data { try Data(contentsOf: directory.appendingPathComponent(name)) }

    func write(_ data: Data, to name: String) throws {
        // Replaced, not rewritten: another test may have the old file mapped.
        let file = directory.appendingPathComponent(name)
        try? FileManager.default.removeItem(at: file)
        try data.write(to: file)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(at: directory.appendingPathComponent(name))
    }

    /// Sets `config.json`'s field at a dotted path; `nil` removes it.
    func configure(_ path: String, _ value: Any?) throws {
        let keys = path.split(separator: ".").map(String.init)
        var root = try JSONSerialization.jsonObject(with: data("config.json")) as? [String: Any] ?? [:]
        if keys.count == 2 {
            var nested = root[keys[0]] as? [String: Any] ?? [:]
            nested[keys[1]] = value
            root[keys[0]] = nested
        } else {
            root[keys[0]] = value
        }
        try write(JSONSerialization.data(withJSONObject: root), to: "config.json")
    }

    func load() throws -> VisionLanguageModel {
        var options = ModelOptions()
        options.threads = 1
        return try VisionLanguageModel.load(directory, options: options)
    }
}
