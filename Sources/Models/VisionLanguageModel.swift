import Foundation
public import Imaging
public import Tensors
public import Tokenization

/// Turns prepared pictures into embeddings that the decoder reads.
public protocol VisionEncoder: Sendable {
    /// Image tokens of a picture that needs no tiles.
    var standardTokenCount: Int { get }
    /// Image tokens of one picture.
    func tokenCount(_ image: PreparedImage) -> Int
    /// Embeddings `[tokens, hidden]`; `hooks` see the tower at work.
    func encode(_ image: PreparedImage, hooks: (any VisionHooks)?) -> Matrix
    /// The sizes of what the tower computes.
    var shape: VisionShape { get }
    /// Bytes of the packed weights.
    var byteCount: Int { get }
}

extension VisionEncoder {
    /// Embeddings `[tokens, hidden]`.
    public func encode(_ image: PreparedImage) -> Matrix { encode(image, hooks: nil) }
}

/// What is known of a resident model.
public struct ModelDescription: Sendable {
    /// The name it answers to: its directory's.
    public let name: String
    /// `model_type` of its configuration.
    public let family: String
    /// Parameters in the checkpoint.
    public let parameters: Int
    /// Bytes in the checkpoint.
    public let storedBytes: Int
    /// The format that the packed weights have.
    public let format: WeightFormat
    /// Whether the checkpoint declares its weights random.
    public let isRandom: Bool
    /// What users should know before they believe an answer.
    public let notice: String?
    /// Tensors of the checkpoint that the model has no use for.
    public let unusedTensors: [String]
}

/// A model in memory: everything between pixels and words and logits.
public final class VisionLanguageModel: Sendable {
    /// What it is.
    public let description: ModelDescription
    /// The text decoder.
    public let decoder: LlamaDecoder
    /// The vision tower and its projector.
    public let vision: any VisionEncoder
    /// The tokenizer.
    public let tokenizer: Tokenizer
    /// The chat template.
    public let template: ChatTemplate
    /// How pictures are brought to the tower's size.
    public let preprocessor: ImagePreprocessor
    /// Id of the token that stands for a picture.
    public let imageTokenID: Int
    /// Ids that end an answer.
    public let endTokens: Set<Int>
    /// Positions that a sequence may have.
    public let contextLength: Int
    /// Mean of the projector's outputs over images and patches, `[hidden]`, if the directory holds one.
    public let meanEmbedding: [Float]?

    /// The text that closes an answer in the chat template: LLaVA's `</s>`, or the end token of another vocabulary.
    public var closing: String {
        let standard = ChatTemplate.standardClosing
        if tokenizer.id(of: standard) != nil { return standard }
        return endTokens.min().flatMap { tokenizer.piece($0) } ?? standard
    }

    init(
        description: ModelDescription,
        decoder: LlamaDecoder,
        vision: any VisionEncoder,
        tokenizer: Tokenizer,
        template: ChatTemplate,
        preprocessor: ImagePreprocessor,
        imageTokenID: Int,
        endTokens: Set<Int>,
        contextLength: Int,
        meanEmbedding: [Float]?
    ) {
        self.description = description
        self.decoder = decoder
        self.vision = vision
        self.tokenizer = tokenizer
        self.template = template
        self.preprocessor = preprocessor
        self.imageTokenID = imageTokenID
        self.endTokens = endTokens
        self.contextLength = contextLength
        self.meanEmbedding = meanEmbedding
    }
}
