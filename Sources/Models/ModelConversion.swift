public import Foundation
import Tensors
public import Weights

extension VisionLanguageModel {
    /// Packs a model's weights once and writes them, with all of its other files, to a directory that later loads by
    /// mapping alone.
    ///
    /// The directory appears under its name only when it is complete.
    ///
    /// - Parameters:
    ///   - weights: where the weights come from if not from the directory, which then holds everything else.
    ///   - output: a path where nothing is yet.
    /// - Throws: an error that names the file; nothing is left behind then.
    @discardableResult
    public static func convert(
        _ directory: URL,
        weights: (any WeightSource)? = nil,
        to output: URL,
        options: ModelOptions
    ) throws -> ModelDescription {
        let files = FileManager.default
        guard !PackedCheckpoint.isPresent(in: directory) else {
            throw ModelError("\(directory.path) is converted already; convert the original checkpoint instead")
        }
        guard !files.fileExists(atPath: output.path) else {
            throw ModelError("\(output.path) exists and is not overwritten; name a new directory")
        }
        let partial = output.deletingLastPathComponent()
            .appendingPathComponent(".\(output.lastPathComponent).partial-\(UUID().uuidString)", isDirectory: true)
        do { try files.createDirectory(at: partial, withIntermediateDirectories: false) } catch {
            throw ModelError("\(output.deletingLastPathComponent().path) cannot be written to: \(error)")
        }
        do {
            let writer = try PackedWriter(
                try weights ?? Checkpoint(directory: directory),
                path: partial.appendingPathComponent(PackedCheckpoint.fileName).path
            )
            let description = try load(directory, weights: writer, options: options).description
            try writer.finish(format: description.format)
            try copyCompanions(of: directory, to: partial)
            try files.moveItem(at: partial, to: output)
            return description
        } catch {
            try? files.removeItem(at: partial)
            throw error
        }
    }

    // MARK: - Private

    /// Copies every file that holds no weights: configuration, tokenizer, processor, templates, mean embedding.
    private static func copyCompanions(of directory: URL, to output: URL) throws {
        let files = FileManager.default
        for name in try files.contentsOfDirectory(atPath: directory.path).sorted() where !holdsWeights(name) {
            // Model caches are made of links.
            let source = directory.appendingPathComponent(name).resolvingSymlinksInPath()
            var isDirectory: ObjCBool = false
            guard files.fileExists(atPath: source.path, isDirectory: &isDirectory), !isDirectory.boolValue else {
                continue
            }
            try files.copyItem(at: source, to: output.appendingPathComponent(name))
        }
    }

    private static func holdsWeights(_ name: String) -> Bool {
        let foreign = ["bin", "pt", "pth", "ckpt", "h5", "msgpack", "onnx", "gguf"]
        if foreign.contains(where: { name.hasSuffix(".\($0)") }) { return true }
        return name.hasPrefix("model") && (name.hasSuffix(".safetensors") || name.hasSuffix(".safetensors.index.json"))
    }
}
