import Imaging
import Models
import Probing
import Tokenization

/// The object of a picture that P1's experiments ask about, and the questions.
struct ObjectQuestion {
    /// The object.
    let object: PlacedObject
    private let mask: PixelMask
    private let place: String

    /// What results say of a picture without such an object.
    static let missing = "no object is alone of its class and passes the selection"

    /// Draws one of the picture's objects that are alone of their class and pass the filter and, where it is wanted, the
    /// control; `nil` if none does.
    static func drawn(from picture: ShownPicture, on bench: ExperimentBench) async throws -> ObjectQuestion? {
        let (annotated, settings) = (picture.annotated, bench.settings)
        let all = annotated.objects.map(\.annotation)
        let objects = annotated.singleObjects.filter { settings.filter.admits($0.annotation, among: all) }
        var generator = SplitMix64(
            seed: UInt64(bitPattern: Int64(settings.seed)) ^ UInt64(bitPattern: Int64(annotated.id))
        )
        let order = generator.draw(objects.count, from: objects)
        guard settings.controlsNoise, !order.isEmpty else {
            return try order.first.map { try ObjectQuestion($0, in: annotated) }
        }
        let control = try await NoiseControl(picture, on: bench)
        for object in order where try await control.admits(object) {
            return try ObjectQuestion(object, in: annotated)
        }
        return nil
    }

    /// A question about an object of a picture.
    init(_ object: PlacedObject, in picture: AnnotatedPicture) throws(ImageError) {
        self.object = object
        mask = try picture.mask(of: object)
        place = Self.place(of: object.annotation.box, in: picture)
    }

    /// The object's patches in a prompt about its picture.
    func patches(in layout: PromptLayout, _ quirks: Set<ReferenceQuirk>) -> SpanSelector {
        .patches(of: mask, in: layout, quirks)
    }

    /// The question of a task, with the beginning of its answer where it dictates one.
    func messages(_ kind: AblationTask.Kind, prompt: String) -> [ChatMessage] {
        let name = object.annotation.className
        switch kind {
        case .generative: return ExperimentBench.messages(prompt)
        case .polling:
            let article = name.lowercased().first.map { "aeiou".contains($0) } == true ? "an" : "a"
            return ExperimentBench.messages("Is there \(article) \(name) in this image?")
        case .vqa: return ExperimentBench.messages("What is at the \(place)?", answer: "It is a")
        }
    }

    // MARK: - Private

    /// Which ninth of the picture a box's centre lies in.
    static func place(of box: Box, in picture: AnnotatedPicture) -> String {
        func third(_ low: Double, _ high: Double, of side: Int) -> Int {
            min(max(Int((low + high) / 2 / Double(side) * 3), 0), 2)
        }
        let row = ["top", "", "bottom"][third(box.y0, box.y1, of: picture.height)]
        let column = ["left", "", "right"][third(box.x0, box.x1, of: picture.width)]
        let place = [row, column].filter { !$0.isEmpty }.joined(separator: " ")
        return place.isEmpty ? "center" : place
    }
}
