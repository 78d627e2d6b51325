import Foundation
import Imaging
import Tensors
import Tokenization
import Weights

/// LLaVA-1.5 as llava-hf publishes it: configuration, names of weights, prompt layout.
enum LlavaFamily {
    static func load(_ directory: URL, source: any WeightSource, options: ModelOptions) throws -> VisionLanguageModel {
        let configuration = try LlavaConfiguration(directory: directory)
        let format = try source.format(options.format)
        let compute = Compute(threads: options.threads)
        let root = source.scope()
        options.progress?.expect(configuration.text.layers)
        let body = try root.scope(firstOf: ["language_model.model", "model.language_model"])
        let decoder = try LlamaDecoder(
            configuration.text,
            body: body,
            head: head(configuration, root),
            format: format,
            compute: compute,
            progress: options.progress
        )
        let tower = try root.scope(firstOf: [
            "vision_tower.vision_model", "model.vision_tower.vision_model", "model.vision_tower", "vision_tower",
        ])
        let vision = try LlavaVision(
            configuration,
            tower: tower,
            projector: try root.scope(firstOf: ["multi_modal_projector", "model.multi_modal_projector"]),
            format: format.outsideBlocks,
            compute: compute
        )
        let files = try ModelDirectory(directory)
        let tokenizer = try files.tokenizer()
        return VisionLanguageModel(
            description: try files.describe(
                source,
                family: "llava",
                format: format,
                unused: source.unused().filter { !skipped($0, in: tower, configuration) }
            ),
            decoder: decoder,
            vision: vision,
            tokenizer: tokenizer,
            template: try options.template ?? files.template(),
            preprocessor: try ImagePreprocessor(
                directory: directory,
                override: options.preprocess,
                modelImageSize: configuration.vision.imageSize,
                patchSize: configuration.vision.patchSize
            ),
            imageTokenID: configuration.imageTokenID,
            endTokens: try files.endTokens(default: configuration.endTokenIDs),
            contextLength: min(options.context ?? .max, configuration.text.contextLength),
            meanEmbedding: try files.meanEmbedding(width: configuration.text.hiddenSize)
        )
    }

    // MARK: - Private

    /// Whether a tensor belongs to a block of the tower behind the last state that the projector takes.
    private static func skipped(_ name: String, in tower: WeightScope, _ configuration: LlavaConfiguration) -> Bool {
        let blocks = "\(tower.path).encoder.layers."
        guard name.hasPrefix(blocks), let block = Int(name.dropFirst(blocks.count).prefix { $0 != "." }) else {
            return false
        }
        return block >= configuration.featureLayers.max() ?? 0
    }

    /// Where the head's own tensor is; `nil` when it is the embedding table. One that must be there is looked for at the
    /// usual place, so that its absence is an error.
    private static func head(_ configuration: LlavaConfiguration, _ root: WeightScope) -> WeightScope? {
        let places = [root.scope("language_model"), root]
        return places.first { $0.has("lm_head.weight") } ?? (configuration.mayTieHead ? nil : root)
    }
}
