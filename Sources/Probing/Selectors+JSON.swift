import Foundation
import Imaging
public import JSON

extension SpanSelector {
    /// The span as one would write it in a request; reading it back gives the same span.
    public var json: JSONValue {
        func region(_ key: String, _ value: JSONValue, buffer: Int = 0, image: Int) -> JSONValue {
            var fields = [key: value]
            if buffer > 0 { fields["buffer"] = .integer(buffer) }
            if image > 0 { fields["image"] = .integer(image) }
            return .object(fields)
        }
        func list(_ spans: [SpanSelector]) -> JSONValue { .array(spans.map(\.json)) }
        switch self {
        case .named(let name): return .string(name)
        case .indices(let positions): return JSONValue(positions)
        case .range(let start, let end): return ["range": JSONValue([start, end])]
        case .patches(let patches, let buffer, let image):
            return region("patches", .array(patches.map { JSONValue($0) }), buffer: buffer, image: image)
        case .box(let box, let buffer, let image):
            return region("box", .array(box.corners.map { .number($0) }), buffer: buffer, image: image)
        case .polygon(let points, let buffer, let image):
            let pairs = points.map { JSONValue.array([.number($0.x), .number($0.y)]) }
            return region("polygon", .array(pairs), buffer: buffer, image: image)
        case .mask(let mask, let buffer, let image):
            return region("mask", .string(mask.png.base64EncodedString()), buffer: buffer, image: image)
        case .rows(let rows, let image): return region("rows", JSONValue(rows), image: image)
        case .register(let sigma, let image): return region("register", ["sigma": .number(sigma)], image: image)
        case .random(let count, let pool, let seed):
            return ["random": .integer(count), "of": pool.json, "seed": .integer(seed)]
        case .topAttended(let amount, let pool): return ["top_attended": amount.json, "of": pool.json]
        case .dilated(let span, let steps): return ["dilate": span.json, "buffer": .integer(steps)]
        case .union(let spans): return ["union": list(spans)]
        case .minus(let all, let removed): return ["minus": list([all, removed])]
        case .intersect(let spans): return ["intersect": list(spans)]
        }
    }
}

extension LayerSelector {
    /// The layers as one would write them in a request; reading it back gives the same layers.
    public var json: JSONValue {
        switch self {
        case .all: "all"
        case .list(let layers): JSONValue(layers)
        case .from(let first): ["from": .integer(first)]
        case .to(let last): ["to": .integer(last)]
        case .window(let first, let last): ["window": JSONValue([first, last])]
        case .except(let first, let last): ["except": JSONValue([first, last])]
        case .centered(let center, let width): ["center": .integer(center), "width": .integer(width)]
        case .fraction(let low, let high):
            Self.presets.first { $0.value == self }.map { .string($0.key) }
                ?? ["fraction": .array([.number(low), .number(high)])]
        }
    }
}

extension JSONValue {
    /// An array of integers.
    fileprivate init(_ integers: [Int]) { self = .array(integers.map { .integer($0) }) }
}

extension PixelMask {
    /// White where pixels are selected, black elsewhere.
    fileprivate var png: Data {
        // A mask has been decoded from a picture of its size, so it can be encoded as one.
        (try? PNGEncoder.encode(isSelected.map { $0 ? 255 : 0 }, width: width, height: height, layout: .gray)) ?? Data()
    }
}
