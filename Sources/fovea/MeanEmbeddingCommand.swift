import ArgumentParser
import Foundation
import Imaging
import Models
import Tensors

/// `fovea mean-embedding`.
struct MeanEmbeddingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mean-embedding",
        abstract: "Computes a model's mean image embedding over a folder of pictures and stores it.",
        discussion: """
            Ablations put the mean embedding in place of tokens, and integrated gradients start from it. It is the mean
            over all pictures and patches of what the projector gives, and is found at the next start if it lies beside
            the checkpoint. Try it:

              fovea mean-embedding --model ~/models/llava-1.5-7b-hf --images ~/pictures/val2017

            Pictures (jpeg, png, webp) are looked for in the folder and below; what cannot be read is named and left
            out. A file that exists is not overwritten.
            """
    )

    @OptionGroup var modelArguments: ModelArguments

    @Option(help: ArgumentHelp("Folder of pictures.", valueName: "dir"))
    var images: String

    @Option(
        help: ArgumentHelp(
            "File to write.",
            discussion: "Default: \(MeanEmbedding.fileName) in the model's directory.",
            valueName: "file"
        )
    )
    var out: String?

    func run() throws {
        let directory = try modelArguments.directory()
        let output = out.map { URL(fileURLWithPath: $0) } ?? directory.appendingPathComponent(MeanEmbedding.fileName)
        guard !FileManager.default.fileExists(atPath: output.path) else {
            throw ValidationError("\(output.path) exists and is not overwritten; remove it or name another with --out")
        }
        let pictures = try Self.pictures(below: URL(fileURLWithPath: images, isDirectory: true))
        let model = try modelArguments.load()
        var mean = MeanEmbedding(width: model.decoder.configuration.hiddenSize)
        let progress = ProgressBar("pictures", total: pictures.count)
        for (index, picture) in pictures.enumerated() {
            do {
                mean.add(try Self.embeddings(of: picture, model))
            } catch {
                progress.note("\(picture.path) is left out: \(error)")
            }
            progress.show(index + 1)
        }
        progress.end()
        guard mean.images > 0 else { throw ValidationError("none of the \(pictures.count) pictures can be read") }
        try mean.write(
            to: output,
            provenance: [
                "model": model.description.name, "weights": model.description.format.rawValue,
                "preprocess": model.preprocessor.preprocess.rawValue,
                "pictures": URL(fileURLWithPath: images).standardizedFileURL.lastPathComponent,
                "left_out": "\(pictures.count - mean.images)",
                "made_with": "fovea \(FoveaCommand.configuration.version)",
            ]
        )
        print("\(output.path): mean of \(mean.patches) patches of \(mean.images) pictures")
    }

    // MARK: - Private

    private static func pictures(below folder: URL) throws -> [URL] {
        let known = ["jpg", "jpeg", "png", "webp"]
        guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else {
            throw ValidationError("--images \(folder.path) cannot be read; is the path right?")
        }
        let pictures = files.compactMap { $0 as? URL }.filter { known.contains($0.pathExtension.lowercased()) }
        guard !pictures.isEmpty else {
            throw ValidationError(
                "--images \(folder.path) holds no picture; looked for \(known.joined(separator: ", "))"
            )
        }
        return pictures.sorted { $0.path < $1.path }
    }

    /// The embeddings of the picture's patches; tokens that stand for none are left out.
    private static func embeddings(of file: URL, _ model: VisionLanguageModel) throws(ImageError) -> Matrix {
        let bytes = FileManager.default.contents(atPath: file.path) ?? Data()
        let prepared = model.preprocessor.prepare(try ImageDecoder.decode(bytes).image)
        let tokens = model.vision.encode(prepared)
        return tokens.rows(tokens.rows - prepared.geometry.patchCount..<tokens.rows)
    }
}
