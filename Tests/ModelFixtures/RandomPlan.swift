public import Generation
import Imaging
public import JSON
public import Models
public import Probing

/// Random interventions as requests write them: every kind, and every form of spans, layers and heads; the same for a
/// seed on every machine. What is drawn may select nothing on its prompt.
public struct RandomPlan {
    private var generator: SplitMix64
    private let layout: PromptLayout
    private let model: VisionLanguageModel
    private var layers: Int { model.probeShape.layers }
    private var heads: Int { model.probeShape.heads }

    /// Draws for a prompt with a picture.
    public init(seed: UInt64, prompt: PreparedPrompt, model: VisionLanguageModel) {
        generator = SplitMix64(seed: seed)
        layout = prompt.layout
        self.model = model
    }

    /// One to three interventions of some kinds, of any where none are named.
    public mutating func interventions(of kinds: [String] = Intervention.kinds) -> JSONValue {
        .array((0...pick(3)).map { _ in intervention(of: one(of: kinds)) })
    }

    /// A number below `count`.
    public mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }

    // MARK: - Private

    private mutating func intervention(of kind: String) -> JSONValue {
        var fields: [String: JSONValue] = ["kind": .string(kind)]
        switch kind {
        case "attention_knockout", "attention_scale":
            if kind == "attention_knockout", pick(4) == 0 {
                fields["preset"] = .string(one(of: KnockoutPreset.allCases).rawValue)
            } else {
                (fields["from"], fields["to"]) = (span(), receivers())
                if pick(2) == 0 { fields["heads"] = someHeads() }
                if pick(3) == 0 { fields["mode"] = "post_softmax" }
                if kind == "attention_scale" { fields["factor"] = .number(one(of: [0, 0.3, 1.5, 6])) }
            }
            fields["layers"] = someLayers()
        case "token_ablation":
            let replacements: [JSONValue] =
                ["zero", "noise", "image_mean"] + (model.meanEmbedding == nil ? [] : ["mean"])
            fields["replace"] = one(of: replacements)
            fields["seed"] = .integer(pick(100))
            fields["tokens"] = fields["replace"] == "image_mean" ? region() : span()
            if pick(2) == 0 { fields["site"] = ["layer": .integer(pick(layers))] }
        case "head_ablation":
            (fields["layers"], fields["heads"]) = (someLayers(), someHeads())
            if pick(2) == 0 { fields["positions"] = receivers() }
        case "project_away":
            (fields["layers"], fields["tokens"]) = (someLayers(), receivers())
            fields["direction"] = ["token": .integer(pick(model.decoder.configuration.vocabularySize))]
            fields["weight"] = .number(one(of: [0.5, 1, 2]))
            fields["only_positive"] = .bool(pick(2) == 0)
        default:
            let sites = DecoderSite.all(layers: layers).filter(\.isPatchable)
            let site = one(of: sites)
            let width = site.shape(model.decoder.configuration)?.reduce(1, *) ?? 0
            fields["site"] = .string(site.name)
            fields["positions"] = span()
            fields["source"] = ["array": .array([.array((0..<width).map { _ in .number(generator.uniform() - 0.5) })])]
        }
        return .object(fields)
    }

    /// Prompt positions and perhaps those of decode steps.
    private mutating func receivers() -> JSONValue {
        switch pick(4) {
        case 0: "generated"
        case 1: ["union": [span(depth: 1), "generated"]]
        default: span()
        }
    }

    /// Prompt positions.
    private mutating func span(depth: Int = 0) -> JSONValue {
        let length = layout.length
        switch pick(depth < 2 ? 9 : 5) {
        case 0:
            return .string(one(of: ["image", "bos", "question", "template", "text", "post_image", "last", "image:0"]))
        case 1:
            let ends = [pick(length), pick(length)]
            return ["range": [.integer(ends.min() ?? 0), .integer((ends.max() ?? 0) + 1)]]
        case 2: return .array((0...pick(4)).map { _ in .integer(pick(length)) })
        case 3, 4: return region()
        case 5: return ["union": [span(depth: depth + 1), span(depth: depth + 1)]]
        case 6: return ["minus": ["text", span(depth: depth + 1)]]
        case 7: return ["intersect": [["range": [0, .integer(length - 1)]], span(depth: depth + 1)]]
        default:
            return ["random": .integer(1 + pick(4)), "of": one(of: ["image", "text"]), "seed": .integer(pick(50))]
        }
    }

    /// Positions within the picture.
    private mutating func region() -> JSONValue {
        let geometry = layout.images[0].geometry
        let tile = geometry.tiles[0]
        let buffer = JSONValue.integer(pick(3))
        func coordinates(_ picker: inout RandomPlan, _ limit: Int) -> [JSONValue] {
            [picker.pick(limit), picker.pick(limit)].sorted().map { .integer($0) }
        }
        switch pick(7) {
        case 0: return ["patches": [[.integer(pick(tile.rows)), .integer(-1 - pick(tile.cols))]], "buffer": buffer]
        case 1:
            let x = coordinates(&self, geometry.originalWidth)
            let y = coordinates(&self, geometry.originalHeight)
            return ["box": [x[0], y[0], x[1], y[1]], "buffer": buffer]
        case 2:
            let corners = (0..<3).map { _ -> JSONValue in
                [.integer(pick(geometry.originalWidth)), .integer(pick(geometry.originalHeight))]
            }
            return ["polygon": .array(corners), "buffer": buffer]
        case 3: return ["rows": [.integer(-1 - pick(tile.rows)), .integer(pick(tile.rows))]]
        case 4: return ["register": ["sigma": .number(one(of: [-1, 0, 1]))]]
        case 5: return ["dilate": ["rows": [.integer(pick(tile.rows))]], "buffer": 1]
        default: return ["random": .integer(1 + pick(6)), "of": "image:0", "seed": .integer(pick(50))]
        }
    }

    private mutating func someLayers() -> JSONValue {
        let ends = [pick(layers), pick(layers)].sorted().map { JSONValue.integer($0) }
        switch pick(8) {
        case 0: return ["from": ends[0]]
        case 1: return ["to": ends[1]]
        case 2: return ["window": .array(ends)]
        case 3: return ["center": ends[0], "width": .integer(1 + pick(layers))]
        case 4: return ["fraction": [.number(generator.uniform() / 2), .number(0.5 + generator.uniform() / 2)]]
        case 5: return .string(one(of: LayerSelector.presets.keys.sorted()))
        case 6: return .array(ends)
        default: return "all"
        }
    }

    private mutating func someHeads() -> JSONValue {
        .array((0...pick(heads)).map { _ in .integer(pick(heads)) })
    }

    private mutating func one<Element>(of elements: [Element]) -> Element { elements[pick(elements.count)] }
}
