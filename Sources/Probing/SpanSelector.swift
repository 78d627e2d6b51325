import Foundation
public import Imaging
import JSON

/// Which positions a probe acts on; resolved against one prompt's layout.
public indirect enum SpanSelector: Sendable {
    /// A name of the layout: `image`, `image:1`, `question`, `last`, `generated`, …
    case named(String)
    /// Positions.
    case indices([Int])
    /// `a..<b`.
    case range(Int, Int)
    /// Patches `[row, column]` of a picture's grid, grown by `buffer` steps of 8-neighbour dilation.
    case patches([[Int]], buffer: Int, image: Int)
    /// Patches whose box overlaps a box of original pixels.
    case box(Box, buffer: Int, image: Int)
    /// Patches whose box overlaps a polygon of original pixels.
    case polygon([Point], buffer: Int, image: Int)
    /// Patches whose box holds a selected pixel of a mask of the picture's size.
    case mask(PixelMask, buffer: Int, image: Int)
    /// Whole rows of the grid, counted from the end when negative.
    case rows([Int], image: Int)
    /// Image tokens whose embedding's norm exceeds the picture's mean by `sigma` standard deviations (P1's registers).
    case register(sigma: Double, image: Int)
    /// `count` positions of another span, drawn with a seed.
    case random(Int, of: SpanSelector, seed: Int)
    /// The image tokens of another span that a layer attends to most while the baseline's answer is produced.
    case topAttended(TokenAmount, of: SpanSelector)
    /// The patches of another span, grown by some steps of 8-neighbour dilation on their picture's grid.
    case dilated(SpanSelector, by: Int)
    /// Positions in any.
    case union([SpanSelector])
    /// Positions in the first that are not in the second.
    case minus(SpanSelector, SpanSelector)
    /// Positions in all.
    case intersect([SpanSelector])

    private static let forms = [
        "range", "patches", "box", "polygon", "mask", "rows", "register", "random", "top_attended", "dilate", "union",
        "minus", "intersect",
    ]
    private static let maximumDepth = 4
    private static let maximumParts = 32

    /// Reads any form of the API.
    public init(_ field: ProbeField) throws(ProbeError) {
        try self.init(field, depth: 0)
    }

    private init(_ field: ProbeField, depth: Int) throws(ProbeError) {
        guard depth < Self.maximumDepth else {
            throw .invalid(field.path, "spans nest at most \(Self.maximumDepth) deep")
        }
        try field.checkOne(of: Self.forms)
        if let name = field.value.string {
            self = .named(name)
        } else if field.value.array != nil {
            self = .indices(try field.integers())
        } else if let range = field.member("range") {
            let (start, end) = try range.pair()
            self = .range(start, end)
        } else if let set = try Self.setAlgebra(field, depth: depth) {
            self = set
        } else {
            self = try Self.region(field)
        }
    }

    // MARK: - Private

    private static func setAlgebra(_ field: ProbeField, depth: Int) throws(ProbeError) -> SpanSelector? {
        func parts(_ field: ProbeField) throws(ProbeError) -> [SpanSelector] {
            var result: [SpanSelector] = []
            let elements = try field.elements()
            guard elements.count <= maximumParts else {
                throw .invalid(field.path, "holds \(elements.count) spans; at most \(maximumParts) can be combined")
            }
            for element in elements { result.append(try SpanSelector(element, depth: depth + 1)) }
            guard !result.isEmpty else { throw .invalid(field.path, "must hold at least one span") }
            return result
        }
        if let union = field.member("union") { return .union(try parts(union)) }
        if let intersect = field.member("intersect") { return .intersect(try parts(intersect)) }
        if let minus = field.member("minus") {
            let operands = try parts(minus)
            guard operands.count == 2 else { throw .invalid(minus.path, "must hold 2 spans, not \(operands.count)") }
            return .minus(operands[0], operands[1])
        }
        if let random = field.member("random") {
            return .random(
                try random.integer(),
                of: try SpanSelector(try field.required("of"), depth: depth + 1),
                seed: try field.member("seed")?.integer() ?? 0
            )
        }
        if let amount = field.member("top_attended") {
            let pool = try field.member("of").map { value throws(ProbeError) in
                try SpanSelector(value, depth: depth + 1)
            }
            return .topAttended(try TokenAmount(amount), of: pool ?? .named("image"))
        }
        if let dilated = field.member("dilate") {
            return .dilated(try SpanSelector(dilated, depth: depth + 1), by: try buffer(field, default: 1))
        }
        return nil
    }

    private static func buffer(_ field: ProbeField, default fallback: Int) throws(ProbeError) -> Int {
        let buffer = try field.member("buffer")?.integer() ?? fallback
        guard (0...1024).contains(buffer) else {
            throw .invalid(field.path, "buffer is \(buffer); it must lie in 0…1024")
        }
        return buffer
    }

    private static func region(_ field: ProbeField) throws(ProbeError) -> SpanSelector {
        let buffer = try buffer(field, default: 0)
        let image = try field.member("image")?.integer() ?? 0
        if let patches = field.member("patches") {
            var pairs: [[Int]] = []
            for element in try patches.elements() {
                let (row, column) = try element.pair()
                pairs.append([row, column])
            }
            return .patches(pairs, buffer: buffer, image: image)
        }
        if let box = field.member("box") {
            let corners = try box.numbers(4)
            let rectangle = Box(x0: corners[0], y0: corners[1], x1: corners[2], y1: corners[3])
            return .box(rectangle, buffer: buffer, image: image)
        }
        if let polygon = field.member("polygon") {
            var points: [Point] = []
            for element in try polygon.elements() {
                let coordinates = try element.numbers(2)
                points.append(Point(x: coordinates[0], y: coordinates[1]))
            }
            return .polygon(points, buffer: buffer, image: image)
        }
        if let mask = field.member("mask") {
            return .mask(try pixelMask(mask), buffer: buffer, image: image)
        }
        if let register = field.member("register") {
            return .register(sigma: try register.object().member("sigma")?.number() ?? 2, image: image)
        }
        if let rows = field.member("rows") { return .rows(try rows.integers(), image: image) }
        throw .invalid(
            field.path,
            "must be a span: a name, a list of positions, or one of {range}, {patches}, {box}, {polygon}, {mask}, "
                + "{rows}, {register}, {random,of}, {top_attended}, {dilate}, {union}, {minus}, {intersect}"
        )
    }

    private static func pixelMask(_ field: ProbeField) throws(ProbeError) -> PixelMask {
        guard let bytes = Data(base64Encoded: try field.string(), options: .ignoreUnknownCharacters) else {
            throw .invalid(field.path, "must be a PNG in base64")
        }
        do { return try ImageDecoder.decodeMask(bytes) } catch { throw .invalid(field.path, "\(error)") }
    }
}
