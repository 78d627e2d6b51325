import Experiments
import Generation
import Imaging
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/localize`: whether the words that name an object look at it.
enum LocalizeRoute {
    static let fields: [String: KnownFields] = [
        "phrase": .value, "box": .value, "polygon": .value, "mask": .value, "image": .value, "layers": .layers,
        "dilate_px": .value, "select": .value,
    ]

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields)
        let body = try LocalizeBody(api.chat.root)
        let prompt = try await api.prepare()
        let placement = try body.placement(in: prompt.layout)
        let mask = try await WorkQueue.run { try body.mask(in: placement.geometry) }
        var attention = AttentionRequest()
        attention.layers = body.layers
        var generation = try await api.generation(prompt)
        let capture = try generation.record(attention, shape: api.resident.model.probeShape)
        let outcome = try await study(api, generation, withKnockout: body.selectsLost)
        let images = prompt.layout.positions(named: "image") ?? []
        let first = images.firstIndex(of: placement.patchPositions.lowerBound) ?? 0
        let maps = NamingMaps(
            of: body.phrase,
            in: outcome.baseline,
            patches: first..<first + placement.patchPositions.count,
            promptLength: prompt.layout.length
        )
        guard let maps else {
            throw ProbeError.unsupported(
                "phrase",
                "the answer does not name \"\(body.phrase)\": \"\(outcome.baseline.text.prefix(300))\""
            )
        }
        let scores = try await WorkQueue.run {
            let scorer = LocalizationScorer(placement.geometry, mask: mask, dilation: body.dilation)
            return (area: scorer.area, mean: scorer.score(maps.mean), layers: maps.layers.map(scorer.score))
        }
        let lost = outcome.variants.first.map { !LexicalJudge().names(body.phrase, in: $0.text) }
        var fields: [String: JSONValue] = [
            "text": .string(outcome.baseline.text),
            "layout": prompt.layout.payload(generated: outcome.baseline.tokens),
            "localization": [
                "phrase": .string(body.phrase),
                "tokens": .array(
                    maps.tokens.map { index in
                        [
                            "position": .integer(prompt.layout.length + index),
                            "token": .string(outcome.baseline.tokens[index].text),
                        ]
                    }
                ),
                "area": .number(scores.area),
                "dilate_px": .number(body.dilation),
                "mean": payload(scores.mean),
                "layers": .array(
                    zip(capture.layers, scores.layers).map { layer, figures in
                        var score = payload(figures).object ?? [:]
                        score["layer"] = .integer(layer)
                        return .object(score)
                    }
                ),
                "lost": lost.map { .bool($0) } ?? nil,
                "counted": .bool(lost ?? true),
            ],
        ]
        fields.add(warnings: api.chat.warnings)
        return .json(JSONValue.object(fields).serialized())
    }

    // MARK: - Private

    /// The answer, and for the selection of lost objects the answer under img->gen.
    private static func study(
        _ api: APIRequest,
        _ generation: GenerationRequest,
        withKnockout: Bool
    ) async throws -> (baseline: GenerationResult, variants: [GenerationResult]) {
        let engine = api.resident.engine
        guard let baseline = await engine.result(of: generation) else { throw CancellationError() }
        guard withKnockout else { return (baseline, []) }
        var knocked = generation
        knocked.capture = nil
        let preset = Intervention.preset(.imageToGenerated, layers: .all)
        knocked.interventions =
            try await knocked.interventions
            + api.resolve([preset], paths: ["select"], prompt: generation.prompt)
        guard let variant = await engine.result(of: knocked) else { throw CancellationError() }
        return (baseline, [variant])
    }

    private static func payload(_ score: LocalizationScorer.Score?) -> JSONValue {
        guard let score else { return ["peak": nil, "hit": false, "pointing_game": false, "mass_inside": nil] }
        return [
            "peak": [.integer(score.peak.x), .integer(score.peak.y)],
            "hit": .bool(score.isHit),
            "pointing_game": .bool(score.pointsInside),
            "mass_inside": .number(score.massInside),
        ]
    }
}

/// What `/v1/localize` reads beside the chat body.
private struct LocalizeBody {
    let phrase: String
    let layers: LayerSelector
    let dilation: Double
    let selectsLost: Bool
    private let region: SpanSelector
    private let regionPath: String
    private let image: Int

    init(_ root: ProbeField) throws {
        let phraseField = try root.required("phrase")
        phrase = try phraseField.string()
        guard phrase.contains(where: { $0.isLetter || $0.isNumber }) else {
            throw ProbeError.invalid("phrase", "is \"\(phrase)\"; it must name an object")
        }
        layers = try root.member("layers").map(LayerSelector.init) ?? .all
        dilation = try root.member("dilate_px")?.number() ?? 40
        guard (0...100_000).contains(dilation) else {
            throw ProbeError.invalid("dilate_px", "is \(dilation); it must lie in 0…100000")
        }
        let select = try root.member("select")?.string() ?? "all"
        guard ["all", "lost"].contains(select) else {
            throw ProbeError.invalid("select", "is \"\(select)\"; selections are all and lost")
        }
        selectsLost = select == "lost"
        let shapes = ["box", "polygon", "mask"].filter { root.member($0) != nil }
        guard shapes.count == 1 else {
            throw ProbeError.invalid(
                "box",
                "say where the object is by one of box, polygon and mask, not by \(shapes.count) of them"
            )
        }
        regionPath = shapes[0]
        image = try root.member("image")?.integer() ?? 0
        let fields = [shapes[0]: root.value[shapes[0]] ?? nil]
        region = try SpanSelector(ProbeField(.object(fields), path: ""))
    }

    /// The picture that the object is in.
    func placement(in layout: PromptLayout) throws(ProbeError) -> ImagePlacement {
        guard layout.images.indices.contains(image) else {
            throw .unsupported("image", "picture \(image) is not in the prompt, which has \(layout.images.count)")
        }
        return layout.images[image]
    }

    /// The object's pixels in the original picture.
    func mask(in geometry: ImageGeometry) throws(ProbeError) -> PixelMask {
        let (width, height) = (geometry.originalWidth, geometry.originalHeight)
        do {
            switch region {
            case .box(let box, _, _): return try PixelMask(filling: box, width: width, height: height)
            case .polygon(let points, _, _): return try PixelMask(filling: points, width: width, height: height)
            case .mask(let mask, _, _): return try mask.checked(width: width, height: height)
            default: preconditionFailure("a region is read from a box, a polygon or a mask")
            }
        } catch {
            throw .unsupported(regionPath, error.description)
        }
    }
}

extension PixelMask {
    /// The mask, if it has its picture's size and selects something.
    fileprivate func checked(width: Int, height: Int) throws(ImageError) -> PixelMask {
        guard self.width == width, self.height == height else {
            throw .invalidSelection(
                "mask is \(self.width)x\(self.height) pixels but its picture is \(width)x\(height); both must have the "
                    + "same size"
            )
        }
        guard count > 0 else { throw .invalidSelection("the mask selects no pixel") }
        return self
    }
}
