import Imaging
import Models
import Synchronization
import Tensors

/// A picture of a prompt: ready for the tower, or known from before.
struct ReadPicture {
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

    /// What the tower made of it, where that is kept.
    var known: EncodedPicture? { if case .encoded(let picture) = content { picture } else { nil } }
}

/// Decodes pictures and has the vision tower see them; keeps what it made of them for pictures that come again.
final class PictureReader: Sendable {
    private let model: VisionLanguageModel
    private let meter: RateMeter
    private let pictures: Mutex<ByteCache<PictureKey, EncodedPicture>>

    /// A reader that keeps up to `bytes` of embeddings; `meter` hears how long the vision tower takes.
    init(model: VisionLanguageModel, bytes: Int, meter: RateMeter) {
        self.model = model
        self.meter = meter
        pictures = Mutex(ByteCache(limit: bytes))
    }

    /// What the kept embeddings are used for.
    var statistics: CacheStatistics { pictures.withLock { $0.statistics } }

    /// Decodes and resizes what is not known; more pictures than the context could hold are refused before that.
    func read(_ images: [PromptImage], _ isCancelled: CancellationState) throws -> [ReadPicture] {
        let least = images.count * model.vision.standardTokenCount
        if let first = images.first, least >= model.contextLength {
            throw PromptError(
                code: "context_length_exceeded",
                parameter: first.path,
                message:
                    "\(images.count) pictures are at least \(least) positions; the context has \(model.contextLength)"
            )
        }
        var known: [String: ReadPicture.Content] = [:]
        return try images.map { source in
            try isCancelled.check()
            do {
                let content = try known[source.id] ?? content(source)
                known[source.id] = content
                return ReadPicture(source: source, content: content)
            } catch {
                throw PromptError(code: "invalid_image", parameter: source.path, message: "\(source.path): \(error)")
            }
        }
    }

    /// The embeddings of a picture, which are kept.
    func encoded(_ picture: ReadPicture) -> EncodedPicture {
        switch picture.content {
        case .encoded(let known): return known
        case .prepared(let image):
            let key = key(picture.source)
            // Another prompt may have had it seen since it was read.
            if let known = pictures.withLock({ $0.value(key) }) { return known }
            let start = ContinuousClock.now
            let encoded = EncodedPicture(geometry: image.geometry, embeddings: model.vision.encode(image))
            meter.recordPicture(tokens: encoded.embeddings.rows, seconds: (ContinuousClock.now - start).seconds)
            pictures.withLock { $0.insert(encoded, bytes: encoded.byteCount, for: key) }
            return encoded
        }
    }

    /// Image tokens that a picture becomes.
    func tokenCount(_ picture: ReadPicture) -> Int {
        switch picture.content {
        case .prepared(let image): model.vision.tokenCount(image)
        case .encoded(let known): known.embeddings.rows
        }
    }

    // MARK: - Private

    private func content(_ source: PromptImage) throws(ImageError) -> ReadPicture.Content {
        let key = key(source)
        // What is not known counts as missing when the tower is to see it.
        if let known = pictures.withLock({ $0.peek(key) == nil ? nil : $0.value(key) }) { return .encoded(known) }
        return .prepared(model.preprocessor.prepare(try ImageDecoder.decode(source.bytes).image))
    }

    private func key(_ source: PromptImage) -> PictureKey {
        PictureKey(id: source.id, preprocess: model.preprocessor.preprocess)
    }
}
