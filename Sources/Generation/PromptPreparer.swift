public import Foundation
import Imaging
public import Models
import Synchronization
import Tensors
public import Tokenization

/// A picture of a request, as it was sent.
public struct PromptImage: Sendable {
    /// Stable name of its bytes.
    public let id: String
    /// The file.
    public let bytes: Data
    /// Where it stands in the request, for messages.
    public let path: String

    /// Names the bytes of a file that was found at `path` of a request.
    public init(id: String, bytes: Data, path: String) {
        self.id = id
        self.bytes = bytes
        self.path = path
    }
}

/// A prompt that cannot be run.
public struct PromptError: Error, CustomStringConvertible, Sendable, Equatable {
    /// A stable word for programs, such as `context_length_exceeded`.
    public let code: String?
    /// The field of the request.
    public let parameter: String
    /// What is wrong, with the limit and the value.
    public let message: String

    /// The message.
    public var description: String { message }

    /// The same error of a prompt that stands at `path` of a request.
    public func within(_ path: String) -> PromptError {
        PromptError(code: code, parameter: "\(path).\(parameter)", message: "\(path).\(message)")
    }
}

/// Turns messages and pictures into a prompt: decoding, preprocessing, vision tower, template, tokens, layout.
///
/// Long work runs on a queue of its own, never on the caller's.
public final class PromptPreparer: Sendable {
    let model: VisionLanguageModel
    let encoder: PromptEncoder
    /// Serial, so that a picture that many ask for at once is seen once.
    let queue = CancellableQueue("fovea.prompts")
    private let meter: RateMeter
    private let pictures: Mutex<ByteCache<PictureKey, EncodedPicture>>

    /// A preparer for one model that keeps up to `pictureBytes` of embeddings for pictures that come again.
    ///
    /// - Parameter meter: hears how long the vision tower takes.
    public init(model: VisionLanguageModel, pictureBytes: Int = 0, meter: RateMeter = RateMeter()) {
        self.model = model
        self.meter = meter
        pictures = Mutex(ByteCache(limit: pictureBytes))
        encoder = PromptEncoder(model.tokenizer)
    }

    /// What the kept embeddings are used for.
    public var pictureStatistics: CacheStatistics { pictures.withLock { $0.statistics } }

    /// The layout alone; pictures are measured but not seen.
    public func layout(_ messages: [ChatMessage], images: [PromptImage]) async throws -> PromptLayout {
        try await queue.run { isCancelled in
            try self.assemble(messages, self.decode(images, isCancelled)).layout
        }
    }

    /// The prompt with its pictures' embeddings.
    public func prepare(_ messages: [ChatMessage], images: [PromptImage]) async throws -> PreparedPrompt {
        try await queue.run { isCancelled in
            let pictures = try self.decode(images, isCancelled)
            let assembled = try self.assemble(messages, pictures)
            // Only a prompt that fits is seen by the vision tower.
            var encoded: [EncodedPicture] = []
            for picture in assembled.order {
                try isCancelled.check()
                encoded.append(self.encoded(pictures[picture]))
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
            let pictures = try self.decode(images, isCancelled)
            let assembled = try self.assemble(messages, pictures)
            let width = self.model.decoder.configuration.hiddenSize
            let encoded = assembled.order.map { index -> EncodedPicture? in
                if case .encoded(let known) = pictures[index].content { known } else { nil }
            }
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
            let prompt = try self.segments(messages)
            let before = self.encoder.encode(prompt).ids
            return try words.map { word in
                try isCancelled.check()
                let follows = prompt.last?.text.last?.isWhitespace == true || word.first?.isWhitespace == true
                let answer = PromptSegment(kind: .answerPrefix, text: follows ? word : " " + word, isTrusted: false)
                let after = self.encoder.encode(prompt + [answer]).ids
                let shared = zip(before, after).prefix { $0 == $1 }.count
                return shared < after.count ? try self.checked(after[shared]) : nil
            }
        }
    }

    // MARK: - Private

    /// A picture of the prompt: ready for the tower, or known from before.
    private struct Picture {
        enum Content {
            case prepared(PreparedImage)
            case encoded(EncodedPicture)
        }

        let source: PromptImage
        let content: Content

        var geometry: ImageGeometry {
            switch content {
            case .prepared(let image): image.geometry
            case .encoded(let picture): picture.geometry
            }
        }
    }

    private func decode(_ images: [PromptImage], _ isCancelled: CancellationState) throws -> [Picture] {
        let least = images.count * model.vision.standardTokenCount
        if let first = images.first, least >= model.contextLength {
            throw PromptError(
                code: "context_length_exceeded",
                parameter: first.path,
                message:
                    "\(images.count) pictures are at least \(least) positions; the context has \(model.contextLength)"
            )
        }
        var known: [String: Picture.Content] = [:]
        return try images.map { source in
            try isCancelled.check()
            do {
                let content = try known[source.id] ?? content(source)
                known[source.id] = content
                return Picture(source: source, content: content)
            } catch {
                throw PromptError(code: "invalid_image", parameter: source.path, message: "\(source.path): \(error)")
            }
        }
    }

    private func content(_ source: PromptImage) throws(ImageError) -> Picture.Content {
        if let known = pictures.withLock({ $0.value(key(source)) }) { return .encoded(known) }
        return .prepared(model.preprocessor.prepare(try ImageDecoder.decode(source.bytes).image))
    }

    private func key(_ source: PromptImage) -> PictureKey {
        PictureKey(id: source.id, preprocess: model.preprocessor.preprocess)
    }

    /// The embeddings of a picture, which are kept.
    private func encoded(_ picture: Picture) -> EncodedPicture {
        switch picture.content {
        case .encoded(let known): return known
        case .prepared(let image):
            let key = key(picture.source)
            // A picture that stands in the prompt twice is seen once.
            if let known = pictures.withLock({ $0.peek(key) }) { return known }
            let start = ContinuousClock.now
            let encoded = EncodedPicture(geometry: image.geometry, embeddings: model.vision.encode(image))
            meter.recordPicture(tokens: encoded.embeddings.rows, seconds: (ContinuousClock.now - start).seconds)
            pictures.withLock { $0.insert(encoded, bytes: encoded.byteCount, for: key) }
            return encoded
        }
    }

    /// Expands each picture's placeholder to its tokens; `order` are the pictures as they appear.
    private func assemble(
        _ messages: [ChatMessage],
        _ pictures: [Picture]
    ) throws -> (layout: PromptLayout, ids: [Int], order: [Int]) {
        let encoded = encoder.encode(try segments(messages))
        var ids: [Int] = []
        var tokens: [PromptLayout.Token] = []
        var placements: [ImagePlacement] = []
        var order: [Int] = []
        for token in encoded.tokens {
            let position = ids.count
            if case .image(let index) = token.kind {
                let picture = pictures[index]
                let count = tokenCount(picture)
                ids += Array(repeating: model.imageTokenID, count: count)
                placements.append(
                    ImagePlacement(
                        imageID: picture.source.id,
                        geometry: picture.geometry,
                        positions: position..<position + count
                    )
                )
                order.append(index)
            } else {
                ids.append(try checked(token.id))
                let kind = PositionKind(token.kind)
                tokens.append(PromptLayout.Token(position: position, id: token.id, text: token.text, kind: kind))
            }
        }
        try checkLength(ids.count)
        return (PromptLayout(tokens: tokens, images: placements), ids, order)
    }

    private func tokenCount(_ picture: Picture) -> Int {
        switch picture.content {
        case .prepared(let image): model.vision.tokenCount(image)
        case .encoded(let known): known.embeddings.rows
        }
    }

    private func segments(_ messages: [ChatMessage]) throws(PromptError) -> [PromptSegment] {
        do { return try model.template.render(messages, closing: model.closing) } catch {
            throw PromptError(code: nil, parameter: "messages", message: error.description)
        }
    }

    /// A tokenizer may know more tokens than the model has embeddings for.
    func checked(_ id: Int) throws(PromptError) -> Int {
        let rows = model.decoder.configuration.vocabularySize
        guard id < rows else {
            throw PromptError(
                code: nil,
                parameter: "messages",
                message:
                    "messages: token \(id) has no embedding; the model has \(rows) (does the tokenizer belong to it?)"
            )
        }
        return id
    }

    func checkLength(_ length: Int, parameter: String = "messages") throws(PromptError) {
        guard length < model.contextLength else {
            throw PromptError(
                code: "context_length_exceeded",
                parameter: parameter,
                message:
                    "\(parameter): the prompt has \(length) positions; the context of \(model.contextLength) must leave "
                    + "room for at least one token"
            )
        }
    }
}

extension PositionKind {
    init(_ kind: PromptKind) {
        self =
            switch kind {
            case .bos: .bos
            case .system: .system
            case .template: .template
            case .question: .question
            case .history: .history
            case .image: .image
            case .answerPrefix: .prefix
            }
    }
}
