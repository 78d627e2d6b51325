import Generation
import Imaging
import JSON
import Models
import Probing

/// P2: whether the tokens that name an object look at it.
struct LocalizationExperiment: Experiment {
    let name = "localization"
    let summary =
        "Whether the attention of the tokens that name an object peaks on it, by layer: a hit lies within the object's "
        + "mask and a rim around it. Counted are objects alone of their class that the answer names; \"lost\" are those "
        + "that it no longer names under img->gen, P2's selection. The chance line is an even draw of patches (P2)."
    let quirks: [ReferenceQuirk] = [.floorGrid, .lastMention, .scaledMaps, .substrings]

    private static let hits = "hit rate by layer"
    private static let mass = "attention mass inside the object"

    func figures(_ bench: ExperimentBench) -> [Figure] {
        let rim = bench.settings.dilation.map { "The rim is \($0) pixels wide." } ?? "The rim is one patch wide."
        return [
            Figure(Self.hits, axis: .layer, measure: "share of objects hit", note: rim),
            Figure(
                Self.mass,
                axis: .layer,
                measure: "share of mass on the image",
                note: "Of the attention on the picture, how much lies on the object; chance is the object's area."
            ),
        ]
    }

    func headlines(_ bench: ExperimentBench) -> [Headline] {
        [bench.depth / 4, bench.depth / 2, bench.depth - 1].map { (layer: Int) in
            Headline("objects hit in layer \(layer)", MeasurementKey(Self.hits, "all", x: layer))
        } + [Headline("objects hit by chance", MeasurementKey(Self.hits, Figure.chance, x: 0))]
    }

    func claims(_ bench: ExperimentBench) -> [Claim] {
        let depth = bench.depth
        return [
            Claim("P2: the middle layers look at the object that a token names best.") { estimates in
                let layers = (0..<depth).compactMap { layer in
                    estimates[MeasurementKey(Self.hits, "all", x: layer)].map { (layer, $0) }
                }
                guard let best = layers.max(by: { $0.1.mean < $1.1.mean }) else { return nil }
                return ((depth / 4..<(3 * depth + 3) / 4).contains(best.0), [("most hits in layer \(best.0),", best.1)])
            }
        ]
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        var request = try await bench.description(of: picture)
        let capture = try request.record(shape: bench.model.probeShape)
        let result = try await bench.result(of: request)
        var knocked = request
        knocked.capture = nil
        knocked.interventions = try bench.resolve(
            [.preset(.imageToGenerated, layers: .all)],
            on: request.prompt
        )
        let blind = try await bench.result(of: knocked)
        let layout = request.prompt.layout
        let placement = layout.images[0]
        let quirks = bench.settings.quirks
        let (grid, wholeWords) = (placement.geometry.patches(quirks), !quirks.contains(.substrings))
        let first = placement.patchPositions.lowerBound - placement.positions.lowerBound
        var findings = Findings()
        var named: [JSONValue] = []
        for object in picture.annotated.singleObjects {
            let maps = NamingMaps(
                of: object.annotation.className,
                in: result,
                patches: first..<first + placement.patchPositions.count,
                promptLength: layout.length,
                wholeWords: wholeWords,
                lastOnly: quirks.contains(.lastMention)
            )
            guard let maps else { continue }
            let mask = try picture.annotated.mask(of: object)
            let dilation = bench.settings.dilation ?? Self.patchWidth(grid)
            let scorer = LocalizationScorer(grid, mask: mask, dilation: dilation)
            let chance = Self.chance(grid, mask: mask, dilation: dilation)
            let isLost =
                wholeWords
                ? !LexicalJudge().names(object.annotation.className, in: blind.text)
                : PhraseLocator.ranges(of: object.annotation.className, in: blind.text, wholeWords: false).isEmpty
            for (layer, map) in zip(capture.layers, maps.layers) {
                let scored = quirks.contains(.scaledMaps) ? scorer.scoreScaled(map) : scorer.score(map)
                guard let score = scored else { continue }
                let groups = isLost ? ["all", "lost"] : ["all"]
                for group in groups {
                    findings.measurements.add(score.isHit, to: MeasurementKey(Self.hits, group, x: layer))
                    findings.measurements.add(score.massInside, to: MeasurementKey(Self.mass, group, x: layer))
                }
                findings.measurements.add(chance, to: MeasurementKey(Self.hits, Figure.chance, x: layer))
                findings.measurements.add(scorer.area, to: MeasurementKey(Self.mass, Figure.chance, x: layer))
            }
            named.append([
                "id": .integer(object.id), "class": .string(object.annotation.className), "lost": .bool(isLost),
            ])
        }
        findings.details = [
            "answer": .string(result.text), "img->gen": .string(blind.text), "objects": .array(named),
        ]
        return findings
    }

    // MARK: - Private

    /// Original pixels across a patch.
    static func patchWidth(_ geometry: ImageGeometry) -> Double {
        geometry.tiles.map { Double($0.patchSize) * $0.horizontal.scale }.min() ?? 0
    }

    /// The share of patches whose centre would count as a hit.
    static func chance(_ geometry: ImageGeometry, mask: PixelMask, dilation: Double) -> Double {
        let boxes = geometry.patchBoxes.filter { !$0.isEmpty }
        let hits = boxes.count { box in
            let x = min(Int((box.x0 + box.x1) / 2), mask.width - 1)
            return mask.isSelected(within: dilation, ofX: x, y: min(Int((box.y0 + box.y1) / 2), mask.height - 1))
        }
        return boxes.isEmpty ? 0 : Double(hits) / Double(boxes.count)
    }
}
