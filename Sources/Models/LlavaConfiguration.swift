public import Foundation

/// `config.json` of a LLaVA-1.5 checkpoint as llava-hf publishes them, old and new spellings.
public struct LlavaConfiguration: Sendable, Equatable {
    /// Which of the tower's positions become image tokens.
    public enum FeatureStrategy: String, Sendable {
        /// Patches only; the class token is dropped.
        case `default`
        /// Class token and patches.
        case full
    }

    /// The text decoder.
    public var text: DecoderConfiguration
    /// The vision tower.
    public var vision: ClipConfiguration
    /// Tower states that are concatenated along features: 0 is the embedding, k follows block k.
    public var featureLayers: [Int]
    /// Which positions are kept.
    public var strategy: FeatureStrategy
    /// The projector's activation.
    public var projectorActivation: String
    /// Whether the projector's two layers carry biases.
    public var projectorBias: Bool
    /// Id of the `<image>` token.
    public var imageTokenID: Int
    /// `false` when the file says that the head is not tied to the embeddings.
    public var mayTieHead: Bool
    /// Ids that end an answer according to config.json.
    public var endTokenIDs: [Int]

    /// Image tokens of one picture.
    public var imageTokens: Int { vision.positions - (strategy == .default ? 1 : 0) }

    /// Reads `directory/config.json`.
    public init(directory: URL) throws(ModelError) {
        guard let root = try ConfigurationReader.file("config.json", in: directory) else {
            throw ModelError("\(directory.path) has no config.json; give a model directory in the Hugging Face layout")
        }
        try self.init(root)
    }

    init(_ root: ConfigurationReader) throws(ModelError) {
        let kind = try root.string("model_type") ?? "none"
        guard kind == "llava" else {
            throw ModelError("\(root.path): model_type \"\(kind)\" is not supported; supported is \"llava\"")
        }
        let textFields = try root.object("text_config")
        let visionFields = try root.object("vision_config")
        text = try DecoderConfiguration(llama: textFields)
        vision = try ClipConfiguration(visionFields)
        strategy = try Self.strategy(root)
        featureLayers = try Self.featureLayers(root, towerLayers: vision.layers)
        projectorActivation = try root.string("projector_hidden_act") ?? "gelu"
        projectorBias = try root.flag("multimodal_projector_bias") ?? true
        let imageKey = root.has("image_token_index") ? "image_token_index" : "image_token_id"
        imageTokenID = try root.integer(imageKey, in: 0...(text.vocabularySize - 1), default: 32000)
        let tied = [try root.flag("tie_word_embeddings"), try textFields.flag("tie_word_embeddings")].compactMap { $0 }
        mayTieHead = tied.isEmpty || tied.contains(true)
        let ownEnd = try root.integers("eos_token_id")
        let textEnd = try textFields.integers("eos_token_id")
        endTokenIDs = ownEnd ?? textEnd ?? []
    }

    // MARK: - Private

    private static func strategy(_ root: ConfigurationReader) throws(ModelError) -> FeatureStrategy {
        let name = try root.string("vision_feature_select_strategy") ?? "default"
        guard let strategy = FeatureStrategy(rawValue: name) else {
            throw ModelError(
                "\(root.path): vision_feature_select_strategy \"\(name)\" is not supported; supported are default and full"
            )
        }
        return strategy
    }

    private static func featureLayers(
        _ root: ConfigurationReader,
        towerLayers: Int
    ) throws(ModelError) -> [Int] {
        let spelled = try root.integers("vision_feature_layer") ?? [-2]
        let states = towerLayers + 1
        guard !spelled.isEmpty, spelled.count <= states else {
            throw ModelError(
                "\(root.path): vision_feature_layer lists \(spelled.count) layers; 1…\(states) are possible"
            )
        }
        var resolved: [Int] = []
        for layer in spelled {
            guard (-states..<states).contains(layer) else {
                throw ModelError(
                    "\(root.path): vision_feature_layer \(layer) does not exist; the tower has states \(-states)…\(states - 1)"
                )
            }
            resolved.append(layer < 0 ? layer + states : layer)
        }
        return resolved
    }
}
