import JSON
import Models
import Probing

/// The forms of selectors of positions and layers, as JSON Schema.
enum OpenAPISelectors: SchemaWords {
    static let span: JSONValue = [
        "description": .string(
            "A span's name (or \"image:1\" for the second picture), a list of positions, or one of these objects. Boxes, "
                + "polygons and masks are in original pixels. top_attended is each layer's own choice, within "
                + "interventions alone"
        ),
        "oneOf": [
            string, ["type": "array", "items": integer],
            form("range", pair(integer)),
            region("patches", list(pair(integer))),
            region("box", ["type": "array", "items": number, "minItems": 4, "maxItems": 4]),
            region("polygon", ["type": "array", "items": pair(number), "minItems": 3]),
            region("mask", ["type": "string", "description": "base64 of a PNG of the picture's size"]),
            form("rows", list(integer), ["image": picture]),
            form("register", object(["sigma": number]), ["image": picture]),
            form("random", ["type": "integer", "minimum": 1], ["of": spanReference, "seed": integer], also: ["of"]),
            form("top_attended", amount, ["of": spanReference]),
            form("dilate", spanReference, ["buffer": buffer]),
            form("union", spans), form("intersect", spans),
            form("minus", ["type": "array", "items": spanReference, "minItems": 2, "maxItems": 2]),
        ],
    ]

    static let layers: JSONValue = [
        "description": "\"all\", a preset, a list, or one of these objects; windows include both ends",
        "oneOf": [
            ["enum": .array((["all"] + LayerSelector.presets.keys.sorted()).map { .string($0) })],
            ["type": "array", "items": integer], form("from", integer), form("to", integer),
            form("window", pair(integer)), form("except", pair(integer)),
            form("center", integer, ["width": ["type": "integer", "minimum": 1]], also: ["width"]),
            form("fraction", pair(["type": "number", "minimum": 0, "maximum": 1])),
        ],
    ]

    /// How many of some tokens.
    static let amount: JSONValue = [
        "description": .string(
            "Image tokens for each layer. A number written with a decimal point is a share (0.05, 1.0), one without is a "
                + "count: 1 is one token, not all of them. Writers of JSON that turn 1.0 into 1, as JavaScript's does, "
                + "say \"100%\""
        ),
        "oneOf": [
            ["type": "number", "exclusiveMinimum": 0],
            ["type": "string", "pattern": "^[0-9]+([.][0-9]+)?%$", "examples": ["5%", "100%"]],
        ],
    ]

    // MARK: - Private

    private static let buffer: JSONValue = ["type": "integer", "minimum": 0, "maximum": 1024]
    private static let picture: JSONValue = ["type": "integer", "minimum": 0, "default": 0]
    private static let spans: JSONValue = ["type": "array", "items": spanReference, "minItems": 1, "maxItems": 32]

    private static let spanReference = reference("Span")

    private static func pair(_ items: JSONValue) -> JSONValue {
        ["type": "array", "items": items, "minItems": 2, "maxItems": 2]
    }

    /// An object told from the others by the member `key`.
    private static func form(
        _ key: String,
        _ value: JSONValue,
        _ others: [String: JSONValue] = [:],
        also: [String] = []
    ) -> JSONValue {
        object(.object(others.merging([key: value]) { first, _ in first }), required: [key] + also)
    }

    /// A region of a picture, which a buffer can grow.
    private static func region(_ key: String, _ value: JSONValue) -> JSONValue {
        form(key, value, ["buffer": buffer, "image": picture])
    }
}
