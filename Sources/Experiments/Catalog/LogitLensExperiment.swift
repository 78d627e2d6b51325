import Generation
import Imaging
import JSON
import Models
import Probing
import Tokenization

/// P1: whether hidden states of image tokens already spell what lies under them.
struct LogitLensExperiment: Experiment {
    let name = "logit-lens"
    let summary =
        "The share of an object's patches whose five likeliest words, read through the logit lens, hold a word of the "
        + "object's class, or of its class or attributes where annotations have some, by hidden state (0 is the "
        + "embedding). The control reads patches that no object touches for the picture's first object (P1)."
    let quirks: [ReferenceQuirk] = [.normedTwice, .floorGrid]

    private static let classes = "patches that spell the object's class"
    private static let attributes = "patches that spell the object's class or attributes"
    /// A patch belongs to an object that covers at least half of it.
    private static let leastCover = 0.5

    func figures(_ bench: ExperimentBench) -> [Figure] {
        [Self.classes, Self.attributes].map {
            Figure(
                $0,
                axis: .named("hidden state"),
                measure: "share of patches",
                note: "Where the lens works, the object's patches lie above the background's, most in later states."
            )
        }
    }

    func headlines(_ bench: ExperimentBench) -> [Headline] {
        ["object patches", "background patches"].map {
            Headline(
                "share that spell the class in the last state, \($0)",
                MeasurementKey(Self.classes, $0, x: bench.depth)
            )
        }
    }

    func claims(_ bench: ExperimentBench) -> [Claim] {
        let states = bench.depth / 2...bench.depth
        return [
            Claim("P1: late hidden states of an object's patches spell what they show.") { estimates in
                let found = states.compactMap { state -> (Int, Estimate, Estimate)? in
                    guard let object = estimates[MeasurementKey(Self.classes, "object patches", x: state)],
                        let ground = estimates[MeasurementKey(Self.classes, "background patches", x: state)]
                    else { return nil }
                    return (state, object, ground)
                }
                guard let best = found.max(by: { $0.1.mean < $1.1.mean }) else { return nil }
                return (
                    best.1.mean > best.2.mean + 0.1,
                    [("most in state \(best.0), object patches", best.1), ("background patches", best.2)]
                )
            }
        ]
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        var request = try await bench.request(
            ExperimentBench.messages(bench.settings.prompt),
            about: picture,
            maxTokens: 0
        )
        var capture = try LensCapture(
            LensRequest(nil),
            layout: request.prompt.layout,
            decoder: bench.model.decoder,
            candidates: nil,
            target: nil
        )
        capture.normsLastStateTwice = bench.settings.quirks.contains(.normedTwice)
        request.lens = capture
        guard let record = try await bench.result(of: request).lens else { throw CancellationError() }
        let placement = request.prompt.layout.images[0]
        let offset = placement.patchPositions.lowerBound - placement.positions.lowerBound
        let words = record.top.map { layer in
            layer.dropFirst(offset).map { top in
                top.map { bench.model.tokenizer.decode([$0.id], skipSpecialTokens: true) }
            }
        }
        let objects = picture.annotated.objects
        let grid = placement.geometry.patches(bench.settings.quirks)
        let covers = try objects.map { PatchCover.shares(try picture.annotated.mask(of: $0), grid) }
        var findings = Findings()
        var counts: [JSONValue] = []
        for (state, words) in zip(capture.layers, words) {
            for (object, cover) in zip(objects, covers) {
                for (patch, share) in cover.enumerated() where share >= Self.leastCover {
                    Self.add(object, words[patch], "object patches", state, to: &findings.measurements)
                }
            }
            guard let first = objects.first else { continue }
            for patch in words.indices where covers.allSatisfy({ $0[patch] == 0 }) {
                Self.add(first, words[patch], "background patches", state, to: &findings.measurements)
            }
        }
        for (object, cover) in zip(objects, covers) {
            counts.append([
                "id": .integer(object.id), "class": .string(object.annotation.className),
                "patches": .integer(cover.count { $0 >= Self.leastCover }),
            ])
        }
        findings.details = ["objects": .array(counts)]
        return findings
    }

    // MARK: - Private

    /// Counts whether a patch's words are an object's.
    private static func add(
        _ object: PlacedObject,
        _ tokens: [String],
        _ series: String,
        _ state: Int,
        to measurements: inout Measurements
    ) {
        let isClass = spell(object.classWords, tokens)
        measurements.add(isClass, to: MeasurementKey(classes, series, x: state))
        guard !object.attributeWords.isEmpty else { return }
        let isEither = isClass || spell(object.attributeWords, tokens)
        measurements.add(isEither, to: MeasurementKey(attributes, series, x: state))
    }

    /// Whether a token is one of some words, alone or as a plural.
    static func spell(_ words: [String], _ tokens: [String]) -> Bool {
        tokens.contains { token in
            let token = token.lowercased().filter { !$0.isWhitespace }
            return words.contains { $0 == token || $0 + "s" == token || $0 + "es" == token }
        }
    }
}

/// How much of each patch an object covers.
enum PatchCover {
    /// The share of each patch's pixels that a mask selects, by patch; 0 for patches in padding.
    static func shares(_ mask: PixelMask, _ geometry: ImageGeometry) -> [Double] {
        geometry.patchBoxes.map { box in
            guard !box.isEmpty else { return 0 }
            let columns = Int(box.x0)..<min(Int(box.x1.rounded(.up)), mask.width)
            let rows = Int(box.y0)..<min(Int(box.y1.rounded(.up)), mask.height)
            let selected = rows.reduce(0) { sum, row in
                sum + columns.count { mask.isSelected[row * mask.width + $0] }
            }
            return Double(selected) / Double(max(1, columns.count * rows.count))
        }
    }
}
