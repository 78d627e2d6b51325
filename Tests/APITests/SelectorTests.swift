import Foundation
import Imaging
import JSON
import Probing
import Testing

/// Every form of api.md's selectors on a picture of 60 × 40 pixels, whose middle square the model sees as 12 × 12
/// patches: what a form resolves to is computed from the layout's own boxes, not from the code that resolves it.
@Suite("Selectors over HTTP")
struct SelectorTests {
    private let api: TestAPI
    private let length: Int
    private let first: Int
    private let boxes: [[Double]]

    init() async throws {
        api = try TestAPI.shared.get()
        let layout = try await api.success("/v1/layout", .question())
        length = try #require(try layout.at("length").integer)
        first = try #require(try layout.at("spans.image.0.0").integer)
        boxes = try #require(try layout.at("images.0.patch_boxes").array).map { box in
            (box.array ?? []).compactMap(\.number)
        }
    }

    @Test("a name means the positions that the layout lists under it, and a name of nothing is refused")
    func names() async throws {
        let layout = try await api.success("/v1/layout", .question())
        for (name, ranges) in try #require(try layout.at("spans").object) where name != "generated" {
            let listed = try positions(ranges)
            if listed.isEmpty {
                try await expectRefusal(.string(name), "no position")
            } else {
                #expect(try await resolved(.string(name)) == listed, "\(name)")
            }
        }
        #expect(try await resolved("image:0") == Array(first..<first + 144))
        #expect(try await resolved(["union": ["generated", "last"]]) == [length - 1])
    }

    @Test("lists, ranges and set algebra")
    func lists() async throws {
        let forms: [(JSONValue, [Int])] = [
            ([3, 1, 3], [1, 3]), (["range": [0, .integer(length)]], Array(0..<length)), (["range": [2, 4]], [2, 3]),
            (["union": [[1, 2], [2, 3], ["range": [0, 2]]]], [0, 1, 2, 3]),
            (["minus": [["range": [0, 5]], ["union": [[1], [3]]]]], [0, 2, 4]),
            (["intersect": [["range": [0, 5]], [4, 5, 6], [4, 0]]], [4]),
            (["union": ["last", ["box": [5000, 0, 5001, 1]]]], [length - 1]),
        ]
        for (form, expected) in forms { #expect(try await resolved(form) == expected, "\(form)") }
        try await expectRefusal([], "no position of the prompt's \(length)")
        try await expectRefusal([.integer(length)], "position \(length) is not in the prompt's 0…\(length - 1)")
        try await expectRefusal([-1], "position -1")
        for range in [[2, 2], [5, 3], [-1, 2], [0, length + 1]] {
            let form: JSONValue = ["range": .array(range.map { .integer($0) })]
            try await expectRefusal(form, "range [\(range[0]), \(range[1])) must satisfy 0 ≤ a < b ≤ \(length)")
        }
        try await expectRefusal(["minus": [[1, 2], ["range": [0, 9]]]], "all of the first span is taken away")
        try await expectRefusal(["intersect": ["image", "last"]], "the spans have none in common")
        try await expectRefusal(["intersect": ["image", ["rows": []]]], "the list is empty")
        try await expectRefusal(["union": ["history", ["box": [70, 0, 80, 9]]]], "\"history\" has none; the box [70,")
    }

    @Test("patches, rows and buffers on the grid")
    func grid() async throws {
        func patches(_ places: [(Int, Int)]) -> [Int] { places.map { first + 12 * $0.0 + $0.1 }.sorted() }
        func around(_ row: Int, _ col: Int, _ buffer: Int) -> [Int] {
            patches(
                (0..<12).flatMap { r in (0..<12).map { (r, $0) } }
                    .filter { max(abs($0.0 - row), abs($0.1 - col)) <= buffer }
            )
        }
        #expect(
            try await resolved(["patches": [[0, 0], [-1, -1], [3, -12]]]) == patches([(0, 0), (3, 0), (11, 11)])
        )
        for (row, col, buffer) in [(0, 0, 1), (5, 6, 1), (5, 6, 2), (11, 0, 3), (4, 4, 1024), (2, 2, 0)] {
            let form: JSONValue = ["patches": [[.integer(row), .integer(col)]], "buffer": .integer(buffer)]
            #expect(try await resolved(form) == around(row, col, buffer), "\(form)")
            let patch: JSONValue = ["patches": [[.integer(row), .integer(col)]]]
            let dilated: JSONValue = ["dilate": patch, "buffer": .integer(buffer)]
            #expect(try await resolved(dilated) == around(row, col, buffer), "\(dilated)")
        }
        let lowest = Array(first + 132..<first + 144)
        for row in [-1, 11] { #expect(try await resolved(["rows": [.integer(row)]]) == lowest) }
        #expect(try await resolved(["rows": [-12, 0, -1]]) == Array(first..<first + 12) + lowest)
        for row in [12, -13] {
            try await expectRefusal(["rows": [.integer(row)]], "row \(row) is outside the grid of 12 rows")
            try await expectRefusal(["patches": [[.integer(row), 0]]], "row \(row)")
            try await expectRefusal(["patches": [[0, .integer(row)]]], "column \(row)")
        }
        try await expectRefusal(["rows": []], "no position")
        try await expectRefusal(["patches": []], "no position")
        try await expectRefusal(["rows": [0], "image": 1], "picture 1 is not in the prompt, which has 1")
        try await expectRefusal(["dilate": "question"], "no position")
    }

    @Test("boxes in original pixels choose the patches that they share area with")
    func regionsByBox() async throws {
        var generator = SplitMix64(seed: 7)
        for _ in 0..<24 {
            let corners = (0..<4).map { (generator.uniform() * 70 - 5).rounded(.down) + ($0 % 2 == 0 ? 0 : 0.25) }
            let (x0, x1) = (min(corners[0], corners[2]), max(corners[0], corners[2]) + 1)
            let (y0, y1) = (min(corners[1], corners[3]), max(corners[1], corners[3]) + 1)
            let form: JSONValue = ["box": [.number(x0), .number(y0), .number(x1), .number(y1)]]
            let expected = boxes.indices.filter { index in
                let box = boxes[index]
                return min(box[2], x1) > max(box[0], x0) && min(box[3], y1) > max(box[1], y0)
            }
            if expected.isEmpty {
                try await expectRefusal(form, "no position")
            } else {
                #expect(try await resolved(form) == expected.map { first + $0 }, "\(form)")
            }
        }
        #expect(try await resolved(["box": [0, 0, 60, 40]]) == Array(first..<first + 144))
        // An edge shared with a patch is no overlap.
        let box = boxes[13]
        #expect(try await resolved(["box": .array(box.map { .number($0) })]) == [first + 13])
        // A point chooses the patch that it lies in.
        let (x, y) = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        #expect(try await resolved(["box": [.number(x), .number(y), .number(x), .number(y)]]) == [first + 13])
        // The picture's left and right edge are cropped away before the model sees it.
        try await expectRefusal(
            ["box": [0, 0, 2, 40]],
            "the box [0, 0, 2, 40] lies where preprocessing (\"crop\") cuts off; the model sees [10, 0, 50, 40] of the "
                + "picture's 60x40 pixels"
        )
        try await expectRefusal(
            ["box": [-9, -9, -1, -1.5]],
            "the box [-9, -9, -1, -1.5] lies outside the picture of 60x40 pixels"
        )
        try await expectRefusal(["box": [50, 3, 50, 3]], "covers no patch; the model sees [10, 0, 50, 40]")
        try await expectRefusal(["box": [20, 20, 10, 30]], "x0 <= x1")
    }

    @Test("polygons and masks choose the patches under them")
    func regionsByOutline() async throws {
        let corners: [[Double]] = [[15, 5], [45, 10], [25, 35]]
        let polygon: JSONValue = .array(corners.map { .array($0.map { .number($0) }) })
        let chosen = Set(try await resolved(["polygon": polygon]))
        func isInside(_ x: Double, _ y: Double) -> Bool {
            let sides = (0..<3).map { i -> Double in
                let (a, b) = (corners[i], corners[(i + 1) % 3])
                return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
            }
            return sides.allSatisfy { $0 > 0 } || sides.allSatisfy { $0 < 0 }
        }
        let sampled = boxes.indices.filter { index in
            let box = boxes[index]
            return stride(from: 0.005, to: 1, by: 0.03).contains { u in
                stride(from: 0.005, to: 1, by: 0.03).contains { v in
                    isInside(box[0] + u * (box[2] - box[0]), box[1] + v * (box[3] - box[1]))
                }
            }
        }
        #expect(chosen.isSuperset(of: sampled.map { first + $0 }))
        // The polygon's tips may reach into a patch between two samples.
        #expect(chosen.count <= sampled.count + 3)
        let mask = try maskForm(width: 60, height: 40) { x, y in isInside(Double(x) + 0.5, Double(y) + 0.5) }
        let masked = Set(try await resolved(mask))
        #expect(
            masked.isSubset(of: chosen) && masked.count * 4 > chosen.count * 3,
            "\(masked.count) of \(chosen.count)"
        )

        let dot = try maskForm(width: 60, height: 40) { x, y in x == 30 && y == 20 }
        let under = boxes.indices.filter { index in
            let box = boxes[index]
            return box[0] < 31 && box[2] > 30 && box[1] < 21 && box[3] > 20
        }
        #expect(try await resolved(dot) == under.map { first + $0 })
        try await expectRefusal(["polygon": [[0, 0], [9, 9]]], "3 to 10000 points, not 2")
        try await expectRefusal(["polygon": []], "not 0")
        try await expectRefusal(
            try maskForm(width: 40, height: 60) { _, _ in true },
            "40x60 pixels but its picture is 60x40"
        )
        try await expectRefusal(
            try maskForm(width: 60, height: 40) { _, _ in false },
            "the mask selects none of its 2400 pixels"
        )
        try await expectRefusal(
            try maskForm(width: 60, height: 40) { x, y in x == 3 && (4...5).contains(y) },
            "the mask, 2 pixels within [3, 4, 4, 6], lies where preprocessing"
        )
        try await expectRefusal(["polygon": [[0, 0], [9, 0], [0, 8]]], "the polygon within [0, 0, 9, 8] lies where")
    }

    @Test("registers are the tokens whose norm exceeds the mean by some standard deviations")
    func registers() async throws {
        let body = JSONValue.question(members: ["sites": ["text.embed"], "positions": "image"])
        let states = try await api.success("/v1/activations", body)
        let rows = try #require(states["activations"]?.object?["text.embed"]?.array)
        let norms = rows.map { row in
            (row.array ?? []).compactMap(\.number).reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
        let mean = norms.reduce(0, +) / 144
        let deviation = (norms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 143).squareRoot()
        for sigma in [-1.5, 0, 0.5, 1.5] {
            let expected = norms.indices.filter { norms[$0] > mean + sigma * deviation }.map { first + $0 }
            try #require(!expected.isEmpty)
            #expect(try await resolved(["register": ["sigma": .number(sigma)]]) == expected, "\(sigma)")
        }
        let answer = try await knockout(["from": ["register": ["sigma": 100]], "to": "last"])
        let message = try #require(try answer.json.at("error.message").string)
        let told = message.split { !"0123456789.".contains($0) }.compactMap { Double($0) }
        let largest = try #require(norms.max())
        for number in [mean + 100 * deviation, mean, 100, deviation, largest] {
            #expect(told.contains { abs($0 - number) < 1e-3 }, "\(number): \(message)")
        }
    }

    @Test("draws stay in their span, and more than it has is refused with both numbers")
    func draws() async throws {
        let one = try await resolved(["random": 5, "of": "image", "seed": 3])
        #expect(one.count == 5 && one.allSatisfy { (first..<first + 144).contains($0) })
        #expect(try await resolved(["random": 5, "of": "image", "seed": 3]) == one)
        #expect(try await resolved(["random": 5, "of": "image", "seed": 4]) != one)
        #expect(try await resolved(["random": 144, "of": "image"]) == Array(first..<first + 144))
        for count in [145, 0, -1] {
            try await expectRefusal(
                ["random": .integer(count), "of": "image"],
                "random is \(count); the span it draws from has 144 positions"
            )
        }
        try await expectRefusal(["random": 1, "of": "generated"], "has 0 positions")
        try await expectRefusal(["top_attended": 145, "of": "image"], "145 of 144")
        try await expectRefusal(["top_attended": 0.001, "of": "image"], "0 of 144")
        try await expectRefusal(["top_attended": 1, "of": "question"], "is none")
    }

    @Test(
        "layers of the eight, each form with its edges",
        arguments: [
            ("all", Array(0..<8)), ([7, 0, 7], [0, 7]), (["from": 7], [7]), (["to": 0], [0]),
            (["window": [3, 3]], [3]),
            (["window": [0, 7]], Array(0..<8)), (["except": [0, 6]], [7]), (["center": 0, "width": 3], [0, 1]),
            (["center": 7, "width": 4], [5, 6, 7]), (["center": 4, "width": 16], Array(0..<8)),
            (["fraction": [0, 1]], Array(0..<8)), (["fraction": [0.99, 1]], [7]), (["fraction": [0, 0.001]], [0]),
            ("early", [0, 1]), ("early-mid", [1, 2, 3]), ("mid", [3, 4]), ("mid-late", [4, 5]), ("late", [5, 6, 7]),
        ] as [(JSONValue, [Int])]
    )
    func layers(form: JSONValue, expected: [Int]) async throws {
        let answer = try await knockout(["from": "image", "to": "last", "layers": form])
        #expect(try answer.json.at("resolved.0.layers") == .array(expected.map { .integer($0) }))
    }

    @Test(
        "layers that the model lacks and windows that hold none are refused",
        arguments: [
            ([], "no layer"), ([8], "layer 8 does not exist; the model has layers 0…7"), ([-1], "layer -1"),
            (["from": 8], "layer 8"), (["to": -1], "layer -1"), (["window": [5, 2]], "no layer"),
            (["window": [0, 8]], "layer 8"), (["except": [0, 7]], "no layer"), (["center": 8, "width": 1], "layer 8"),
            (["center": 0, "width": 0], "width is 0"), (["center": 0, "width": 17], "width is 17"),
            (["fraction": [0.5, 0.5]], "0 ≤ f0 < f1 ≤ 1"), (["fraction": [0.8, 0.2]], "0 ≤ f0 < f1 ≤ 1"),
            (["fraction": [0, 1.1]], "0 ≤ f0 < f1 ≤ 1"),
        ] as [(JSONValue, String)]
    )
    func layerRefusals(form: JSONValue, words: String) async throws {
        let answer = try await knockout(["from": "image", "to": "last", "layers": form])
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.param") == "interventions[0].layers")
        let message = try answer.json.at("error.message").string ?? ""
        #expect(message.contains(words), "\(message)")
    }

    // MARK: - Private

    private func knockout(_ members: [String: JSONValue]) async throws -> HTTPClient.Answer {
        let knockout = members.merging(["kind": "attention_knockout"]) { first, _ in first }
        let body = JSONValue.question(members: ["interventions": [.object(knockout)], "max_tokens": 0])
        return try await api.post("/v1/chat/completions", body)
    }

    private func positions(_ ranges: JSONValue) throws -> [Int] {
        try #require(ranges.array).flatMap { pair -> Range<Int> in
            let ends = try #require(pair.array).compactMap(\.integer)
            return ends[0]..<ends[1]
        }
    }

    /// The prompt positions that a span means.
    private func resolved(_ span: JSONValue) async throws -> [Int] {
        let answer = try await knockout(["from": span, "to": "last"])
        try #require(answer.status == 200, "\(span): \(String(decoding: answer.body, as: UTF8.self))")
        return try positions(try answer.json.at("resolved.0.from.positions"))
    }

    private func expectRefusal(_ span: JSONValue, _ words: String) async throws {
        let answer = try await knockout(["from": span, "to": "last"])
        let error = try answer.json.at("error")
        #expect(answer.status == 422, "\(span): \(error)")
        #expect(error["code"] == "unsupported_probe" && error["param"]?.string?.hasPrefix("interventions[0]") == true)
        #expect(error["message"]?.string?.contains(words) == true, "\(span): \(error)")
    }

    private func maskForm(
        width: Int,
        height: Int,
        _ isSelected: (_ x: Int, _ y: Int) -> Bool
    ) throws -> JSONValue {
        let pixels = (0..<height).flatMap { y in
            (0..<width).flatMap { x in Array(repeating: UInt8(isSelected(x, y) ? 255 : 0), count: 3) }
        }
        let file = try PNGEncoder.encode(RGBImage(width: width, height: height, pixels: pixels))
        return ["mask": .string(file.base64EncodedString())]
    }
}
