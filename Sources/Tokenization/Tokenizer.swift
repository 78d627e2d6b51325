public import Foundation

/// Text to token ids and back, as a `tokenizer.json` file defines it.
///
/// Follows the `tokenizers` library's pipeline: added tokens, normalizer, pre-tokenizer, BPE model, post-processor;
/// and the decoder on the way back. All positions are UTF-8 offsets.
public struct Tokenizer: Sendable {
    let addedTokens: AddedTokens
    let normalizer: Normalizer?
    let preTokenizer: PreTokenizer?
    let model: BPEModel
    let postProcessor: PostProcessor
    let decoder: TokenDecoder

    /// Loads a `tokenizer.json` file.
    public init(contentsOf url: URL) throws(TokenizerError) {
        let data: Data
        do {
            data = try Data(contentsOf: url, options: .mappedIfSafe)
        } catch {
            throw TokenizerError(.unreadableFile, "cannot read \(url.lastPathComponent): \(error.localizedDescription)")
        }
        try self.init(json: data)
    }

    /// Loads the contents of a `tokenizer.json` file.
    public init(json: Data) throws(TokenizerError) {
        let root = JSONField(value: try OrderedJSON(parsing: json), path: "the file")
        guard case .object = root.value else { throw root.wrongType("an object") }
        model = try BPEModel(root.required("model"))
        normalizer = try root.optional("normalizer").map { field throws(TokenizerError) in try Normalizer(field) }
        preTokenizer = try root.optional("pre_tokenizer").map { field throws(TokenizerError) in
            try PreTokenizer(field)
        }
        postProcessor = try PostProcessor(root.optional("post_processor"))
        decoder = try TokenDecoder(root.optional("decoder"))
        addedTokens = try AddedTokens(root.optional("added_tokens"), model: model, normalizer: normalizer)
    }

    init(_ other: Tokenizer, addedTokens: AddedTokens) {
        self.addedTokens = addedTokens
        normalizer = other.normalizer
        preTokenizer = other.preTokenizer
        model = other.model
        postProcessor = other.postProcessor
        decoder = other.decoder
    }

    // MARK: - Vocabulary

    /// The largest id plus one, added tokens included.
    public var vocabularySize: Int { max(model.vocabulary.size, addedTokens.size) }

    /// The vocabulary entry with this id as it is stored (`▁the`, `Ġthe`, `<0x0A>`), or nil.
    public func piece(_ id: Int) -> String? { addedTokens.content(id) ?? model.vocabulary.piece(id) }

    /// The id of a vocabulary entry, compared byte by byte, or nil.
    public func id(of piece: String) -> Int? { addedTokens.id(of: piece) ?? model.vocabulary.id(of: piece) }

    /// Whether the id is an added token marked special.
    public func isSpecial(_ id: Int) -> Bool { addedTokens.isSpecial(id) }
}
