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

    /// The prompt with its pictures' embeddings.
    public func prepare(_ messages: [ChatMessage], images: [PromptImage]) async throws -> PreparedPrompt {
        try await prepare(outline(messages, images: images))
    }

    /// The prompt as far as it is known without the vision tower: pictures are measured but not seen.
    public func outline(_ messages: [ChatMessage], images: [PromptImage]) async throws -> PromptOutline {
        try await queue.run { isCancelled in
            let pictures = try self.pictures.read(images, isCancelled)
            let assembled = try self.assemble(messages, pictures)
            let width = self.model.decoder.configuration.hiddenSize
            let placed = assembled.order.map { pictures[$0] }
            let placements = assembled.layout.images
            // A picture that stands in the prompt twice is seen once.
            var unseen: [String: Int] = [:]
            for (placement, picture) in zip(placements, placed) where picture.known == nil {
                unseen[picture.source.id] = placement.positions.count
            }
            let prompt = PreparedPrompt(
                layout: assembled.layout.measured(norms: placed.map { $0.known?.norms ?? [] }),
                ids: assembled.ids,
                images: zip(placements, placed).map { placement, picture in
                    picture.known?.embeddings ?? Matrix(rows: placement.positions.count, columns: width)
                },
                answerPrefix: assembled.layout.tokens.filter { $0.kind == .prefix }.map(\.id)
            )
            return PromptOutline(prompt: prompt, unseenTokens: unseen.values.reduce(0, +), pictures: placed)
        }
    }

    /// The prompt of an outline with its pictures' embeddings; the tower sees those that it has not seen.
    public func prepare(_ outline: PromptOutline) async throws -> PreparedPrompt {
        guard outline.unseenTokens > 0 else { return outline.prompt }
        return try await queue.run { isCancelled in
            var seen: [String: EncodedPicture] = [:]
            let encoded = try outline.pictures.map { picture in
                try isCancelled.check()
                let encoded = seen[picture.source.id] ?? self.pictures.encoded(picture)
                seen[picture.source.id] = encoded
                return encoded
            }
            return PreparedPrompt(
                layout: outline.prompt.layout.measured(norms: encoded.map(\.norms)),
                ids: outline.prompt.ids,
                images: encoded.map(\.embeddings),
                answerPrefix: outline.prompt.answerPrefix
            )
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
