import Imaging
import Models
import Probing
import Tokenization

/// The object of a picture that P1's experiments ask about, and the questions.
struct ObjectQuestion {
    /// The object.
    let object: PlacedObject
    /// Its patches.
    let patches: SpanSelector
    private let place: String

    /// Draws one of the picture's objects that are alone of their class and pass the filter; `nil` if none is.
    init?(_ picture: AnnotatedPicture, settings: ExperimentSettings) throws(ImageError) {
        let all = picture.objects.map(\.annotation)
        let objects = picture.singleObjects.filter { settings.filter?.admits($0.annotation, among: all) ?? true }
        var generator = SplitMix64(
            seed: UInt64(bitPattern: Int64(settings.seed)) ^ UInt64(bitPattern: Int64(picture.id))
        )
        guard let object = generator.draw(1, from: objects).first else { return nil }
        self.object = object
        patches = .mask(try picture.mask(of: object), buffer: 0, image: 0)
        place = Self.place(of: object.annotation.box, in: picture)
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
