public import Foundation
import JSON
import Tensors
import Tokenization
public import Weights

/// The files around the weights of a model directory.
struct ModelDirectory {
    private let url: URL
    private let configuration: ConfigurationReader

    init(_ url: URL) throws(ModelError) {
        self.url = url
        guard let configuration = try ConfigurationReader.file("config.json", in: url) else {
            throw ModelError("\(url.path) has no config.json; give a model directory in the Hugging Face layout")
        }
        self.configuration = configuration
    }

    /// `model_type`, by which families are told apart.
    func family() throws(ModelError) -> String {
        try configuration.string("model_type") ?? "none"
    }

    func tokenizer() throws -> Tokenizer {
        let file = url.appendingPathComponent("tokenizer.json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw ModelError(
                "\(url.path) has no tokenizer.json; convert a tokenizer.model with transformers and save it"
            )
        }
        return try Tokenizer(contentsOf: file)
    }

    /// The built-in template that equals the checkpoint's own.
    func template() throws(ModelError) -> ChatTemplate {
        let family = try family()
        if let text = try standaloneTemplate() {
            return ChatTemplate.detect(checkpointTemplate: text, family: family)
        }
        for name in ["chat_template.json", "processor_config.json", "tokenizer_config.json"] {
            if let text = try ConfigurationReader.file(name, in: url)?.template() {
                return ChatTemplate.detect(checkpointTemplate: text, family: family)
            }
        }
        return ChatTemplate.detect(checkpointTemplate: nil, family: family)
    }

    private func standaloneTemplate() throws(ModelError) -> String? {
        let file = url.appendingPathComponent("chat_template.jinja")
        guard let data = FileManager.default.contents(atPath: file.path) else { return nil }
        guard data.count <= 1 << 20, let text = String(validating: data, as: UTF8.self) else {
            throw ModelError("\(file.path) must be UTF-8 text of at most \(1 << 20) bytes")
        }
        return text
    }

    /// Ids that end an answer: the generation config's, else the configuration's, else Llama's `</s>`.
    func endTokens(default fallback: [Int]) throws(ModelError) -> Set<Int> {
        let generation = try ConfigurationReader.file("generation_config.json", in: url)?.integers("eos_token_id")
        let ids = generation ?? fallback
        return Set(ids.isEmpty ? [2] : ids)
    }

    /// The stored mean embedding; `nil` without one.
    func meanEmbedding(width: Int) throws -> [Float]? {
        let file = url.appendingPathComponent(MeanEmbedding.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try Checkpoint(file: file).scope().tensor(MeanEmbedding.tensorName, shape: [width]).floats()
    }

    /// What is to be said about a model; `unused` are tensors that one would have expected it to read.
    func describe(
        _ source: any WeightSource,
        family: String,
        format: WeightFormat,
        unused: [String]
    ) throws(ModelError) -> ModelDescription {
        let own = try configuration.object("fovea")
        return ModelDescription(
            name: try own.string("name") ?? url.standardizedFileURL.lastPathComponent,
            family: family,
            parameters: source.totals.parameters,
            storedBytes: source.totals.bytes,
            format: format,
            isRandom: try own.flag("random") ?? false,
            notice: try own.string("notice"),
            unusedTensors: unused
        )
    }
}

extension ConfigurationReader {
    /// `chat_template`: a text, or a list of named ones of which `default` counts.
    fileprivate func template() throws(ModelError) -> String? {
        try read("chat_template", "a string or a list of named templates") { value in
            value.string ?? value.array?.first { $0["name"] == "default" }?["template"]?.string
        }
    }
}

extension VisionLanguageModel {
    /// Loads a model directory in the Hugging Face layout, or one that `convert` wrote.
    ///
    /// - Parameter weights: where the weights come from if not from the directory, which then holds everything else.
    /// - Throws: an error that names the file, field or tensor, what was expected and what was found.
    public static func load(
        _ directory: URL,
        weights: (any WeightSource)? = nil,
        options: ModelOptions = ModelOptions()
    ) throws -> VisionLanguageModel {
        let family = try ModelDirectory(directory).family()
        guard family == "llava" else {
            throw ModelError("config.json: model_type \"\(family)\" is not supported; supported is \"llava\"")
        }
        return try LlavaFamily.load(directory, source: try weights ?? storedWeights(in: directory), options: options)
    }

    private static func storedWeights(in directory: URL) throws(WeightsError) -> any WeightSource {
        if PackedCheckpoint.isPresent(in: directory) { return try PackedCheckpoint(directory: directory) }
        return try Checkpoint(directory: directory)
    }
}
