import Experiments
import Generation
import Imaging
import JSON
import Models
import Probing

/// One request for localization, ready to run.
struct LocalizationStudy: Sendable {
    /// The answer, the maps of the tokens that name the object and, where lost objects are selected, the blind answer.
    struct Outcome: Sendable {
        let baseline: GenerationResult
        let maps: NamingMaps
        let knocked: GenerationResult?

        /// One value for each patch: the mean over some of the layers.
        func map(of layers: [Int]) -> [Float] {
            let drawn = layers.map { maps.layers[$0] }
            return (drawn.first ?? []).indices.map { patch in
                drawn.reduce(0) { $0 + $1[patch] } / Float(drawn.count)
            }
        }
    }

    let api: APIRequest
    let body: LocalizeBody
    let run: GenerationRequest
    let placement: ImagePlacement
    let layers: [Int]
    private var layout: PromptLayout { run.prompt.layout }

    /// Runs the model; `report` hears of tokens and runs as events.
    func outcome(_ report: APIRequest.Report) async throws -> Outcome {
        let baseline = try await api.result(of: run, report)
        let images = layout.positions(named: "image") ?? []
        let first = images.firstIndex(of: placement.patchPositions.lowerBound) ?? 0
        let maps = NamingMaps(
            of: body.phrase,
            in: baseline,
            patches: first..<first + placement.patchPositions.count,
            promptLength: layout.length
        )
        guard let maps else {
            throw ProbeError.unsupported(
                "phrase",
                "the answer does not name \"\(body.phrase)\": \"\(baseline.text.prefix(300))\""
            )
        }
        guard body.selectsLost else { return Outcome(baseline: baseline, maps: maps, knocked: nil) }
        try await report(["type": "progress", "done": 1, "total": 2])
        var knocked = run
        knocked.capture = nil
        let preset = Intervention.preset(.imageToGenerated, layers: .all)
        knocked.interventions =
            try await knocked.interventions + api.resolve([preset], paths: ["select"], prompt: run.prompt)
        return Outcome(baseline: baseline, maps: maps, knocked: try await api.result(of: knocked))
    }

    /// The answer's members, and the arrays among them.
    func answer(
        _ outcome: Outcome,
        mask: PixelMask
    ) async throws -> (fields: [String: JSONValue], arrays: ArrayAnswer) {
        let (baseline, maps) = (outcome.baseline, outcome.maps)
        let scores = try await WorkQueue.run { [placement, body] in
            let scorer = LocalizationScorer(placement.geometry, mask: mask, dilation: body.dilation)
            return (area: scorer.area, mean: scorer.score(maps.mean), layers: maps.layers.map(scorer.score))
        }
        let lost = outcome.knocked.map { !LexicalJudge().names(body.phrase, in: $0.text) }
        let tokens = maps.tokens.map { index -> JSONValue in
            ["position": .integer(layout.length + index), "token": .string(baseline.tokens[index].text)]
        }
        var arrays = ArrayAnswer(api, run)
        if scores.area == 0 {
            let seen = placement.geometry.seenBox
            arrays.warn(["the object lies outside \(seen.text), the part of the picture that the model sees"])
        }
        var localization: [String: JSONValue] = [
            "phrase": .string(body.phrase), "tokens": .array(tokens), "area": .number(scores.area),
            "dilate_px": .number(body.dilation), "mean": scores.mean.payload,
            "layers": .array(
                zip(layers, scores.layers).map { layer, score in
                    var fields = score.payload.object ?? [:]
                    fields["layer"] = .integer(layer)
                    return .object(fields)
                }
            ),
            "lost": lost.map { .bool($0) } ?? nil, "counted": .bool(lost ?? true),
        ]
        if arrays.gathersNumbers {
            let patches = placement.patchPositions.count
            let map = NumberArray(shape: [layers.count, patches], values: maps.layers.flatMap { $0 })
            localization["maps"] = try arrays.place(map, at: "localization.maps")
            localization["scores"] = try Self.gathered(scores.layers, &arrays)
        }
        let fields: [String: JSONValue] = [
            "text": .string(baseline.text), "layout": layout.payload(generated: baseline.tokens),
            "localization": .object(localization),
        ]
        return (fields, arrays)
    }

    // MARK: - Private

    /// The figures of all layers, one array for each; a map without mass has its peak at -1 and NaN inside.
    private static func gathered(
        _ scores: [LocalizationScorer.Score?],
        _ arrays: inout ArrayAnswer
    ) throws(ProbeError) -> JSONValue {
        func place(_ values: [Int], _ shape: [Int], _ name: String) throws(ProbeError) -> JSONValue {
            try arrays.place(IntegerArray(shape: shape, values: values), at: "localization.scores.\(name)")
        }
        let count = scores.count
        let mass = NumberArray(shape: [count], values: scores.map { $0.map { Float($0.massInside) } ?? .nan })
        return [
            "peak": try place(scores.flatMap { [$0?.peak.x ?? -1, $0?.peak.y ?? -1] }, [count, 2], "peak"),
            "hit": try place(scores.map { $0?.isHit == true ? 1 : 0 }, [count], "hit"),
            "pointing_game": try place(scores.map { $0?.pointsInside == true ? 1 : 0 }, [count], "pointing_game"),
            "mass_inside": try arrays.place(mass, at: "localization.scores.mass_inside"),
        ]
    }
}

extension LocalizationScorer.Score? {
    fileprivate var payload: JSONValue {
        guard let score = self else { return ["peak": nil, "hit": false, "pointing_game": false, "mass_inside": nil] }
        return [
            "peak": [.integer(score.peak.x), .integer(score.peak.y)],
            "hit": .bool(score.isHit),
            "pointing_game": .bool(score.pointsInside),
            "mass_inside": .number(score.massInside),
        ]
    }
}
