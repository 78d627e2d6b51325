import Generation
import Imaging
import Models

/// P1's control for what a picture's surroundings give away: an object counts if the description names it, and does not
/// name it any more when its pixels are noise.
struct NoiseControl {
    private let picture: ShownPicture
    private let bench: ExperimentBench
    private let clean: GenerationResult

    /// Describes the picture as it is.
    init(_ picture: ShownPicture, on bench: ExperimentBench) async throws {
        self.picture = picture
        self.bench = bench
        clean = try await bench.result(of: bench.description(of: picture))
    }

    /// Whether an object of the picture passes. Noise is drawn with the seed of the settings and the object's number.
    func admits(_ object: PlacedObject) async throws -> Bool {
        let task = bench.task(.generative, about: object)
        guard task.isCorrect(clean, tokenizer: bench.model.tokenizer) else { return false }
        let noised = try await bench.result(of: bench.description(of: noised(object)))
        return !task.isCorrect(noised, tokenizer: bench.model.tokenizer)
    }

    // MARK: - Private

    private func noised(_ object: PlacedObject) throws -> ShownPicture {
        let image = try ImageDecoder.decode(picture.image.bytes).image
        let mask = try picture.annotated.mask(of: object)
        guard image.width == mask.width, image.height == mask.height else {
            throw bench.sizeError(picture.annotated, width: image.width, height: image.height)
        }
        let seed = UInt64(bitPattern: Int64(bench.settings.seed &+ object.id))
        let bytes = try PNGEncoder.encode(PixelNoise.noised(image, where: mask, seed: seed))
        return ShownPicture(
            annotated: picture.annotated,
            image: PromptImage(
                id: "\(picture.image.id), object \(object.id) noised",
                bytes: bytes,
                path: picture.image.path
            )
        )
    }
}
