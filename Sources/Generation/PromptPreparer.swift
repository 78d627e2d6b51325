public import Models
import Tensors
public import Tokenization

/// Turns messages and pictures into a prompt: decoding, preprocessing, vision tower, template, tokens, layout.
///
/// Long work runs on a queue of its own, never on the caller's.
public final class PromptPreparer: Sendable {
    let model: VisionLanguageModel
    let assembler: PromptAssembler
    /// Serial, so that a picture that many ask for at once is seen once.
    let queue = CancellableQueue("fovea.prompts")
    private let pictures: PictureReader

    /// A preparer for one model that keeps up to `pictureBytes` of embeddings for pictures that come again.
    ///
    /// - Parameter meter: hears how long the vision tower takes.
    public init(model: VisionLanguageModel, pictureBytes: Int = 0, meter: RateMeter = RateMeter()) {
        self.model = model
        pictures = PictureReader(model: model, bytes: pictureBytes, meter: meter)
        assembler = PromptAssembler(model)
    }

    /// What the kept embeddings are used for.
    public var pictureStatistics: CacheStatistics { pictures.statistics }

    /// The layout alone; pictures are measured but not seen.
    public func layout(_ messages: [ChatMessage], images: [PromptImage]) async throws -> PromptLayout {
        try await queue.run { isCancelled in
            try self.assemble(messages, self.pictures.read(images, isCancelled)).layout
        }
    }

    /// The prompt with its pictures' embeddings.
    public func prepare(_ messages: [ChatMessage], images: [PromptImage]) async throws -> PreparedPrompt {
        try await queue.run { isCancelled in
            let pictures = try self.pictures.read(images, isCancelled)
            let assembled = try self.assemble(messages, pictures)
            // Only a prompt that fits is seen by the vision tower.
            var encoded: [EncodedPicture] = []
            for picture in assembled.order {
                try isCancelled.check()
                encoded.append(self.pictures.encoded(pictures[picture]))
            }
            return PreparedPrompt(
                layout: assembled.layout.measured(norms: encoded.map(\.norms)),
                ids: assembled.ids,
                images: encoded.map(\.embeddings),
                answerPrefix: assembled.layout.tokens.filter { $0.kind == .prefix }.map(\.id)
            )
        }
    }

    /// The prompt as far as it is known without the vision tower, and the image tokens that the tower would still have to
    /// make; their embeddings are zeros.
    public func outline(
        _ messages: [ChatMessage],
        images: [PromptImage]
    ) async throws -> (prompt: PreparedPrompt, unseenTokens: Int) {
        try await queue.run { isCancelled in
            let pictures = try self.pictures.read(images, isCancelled)
            let assembled = try self.assemble(messages, pictures)
            let width = self.model.decoder.configuration.hiddenSize
            let encoded = assembled.order.map { pictures[$0].known }
            let placements = assembled.layout.images
            let unseen = zip(placements, encoded).reduce(0) { $0 + ($1.1 == nil ? $1.0.positions.count : 0) }
            let prompt = PreparedPrompt(
                layout: assembled.layout.measured(norms: encoded.map { $0?.norms ?? [] }),
                ids: assembled.ids,
                images: zip(placements, encoded).map { placement, known in
                    known?.embeddings ?? Matrix(rows: placement.positions.count, columns: width)
                },
                answerPrefix: assembled.layout.tokens.filter { $0.kind == .prefix }.map(\.id)
            )
            return (prompt, unseen)
        }
    }

    /// Tokens that an answer may have: what was asked for, else what the context leaves, at most 1024.
    ///
    /// - Parameter parameter: the field that asked, for messages.
    public func tokenLimit(
        _ prompt: PreparedPrompt,
        requested: Int?,
        parameter: String = "max_tokens"
    ) throws(PromptError) -> Int {
        let left = model.contextLength - prompt.layout.length
        guard let requested else { return min(left, 1024) }
        guard requested <= left else {
            throw PromptError(
                code: "context_length_exceeded",
                parameter: parameter,
                message:
                    "\(parameter): \(requested) does not fit; the prompt has \(prompt.layout.length) positions and the "
                    + "context \(model.contextLength), which leaves \(max(0, left))"
            )
        }
        return requested
    }

    /// The first token of each word where it continues a conversation's prompt, after the space that templates put
    /// before an answer; `nil` where a word has none.
    public func continuations(_ words: [String], of messages: [ChatMessage]) async throws -> [Int?] {
        try await queue.run { isCancelled in
            let prompt = try self.assembler.segments(messages)
            let before = self.assembler.encoder.encode(prompt).ids
            return try words.map { word in
                try isCancelled.check()
                let follows = prompt.last?.text.last?.isWhitespace == true || word.first?.isWhitespace == true
                let answer = PromptSegment(kind: .answerPrefix, text: follows ? word : " " + word, isTrusted: false)
                let after = self.assembler.encoder.encode(prompt + [answer]).ids
                let shared = zip(before, after).prefix { $0 == $1 }.count
                return shared < after.count ? try self.assembler.checked(after[shared]) : nil
            }
        }
    }

    // MARK: - Private

    private func assemble(
        _ messages: [ChatMessage],
        _ pictures: [ReadPicture]
    ) throws -> (layout: PromptLayout, ids: [Int], order: [Int]) {
        try assembler.assemble(messages, pictures.map { ($0, self.pictures.tokenCount($0)) })
    }
}
