import JSON
import Models
import Probing
import Testing

@Suite struct SpanSelectorTests {
    @Test(
        arguments: [
            ("image", Array(6..<12) + Array(14..<18)), ("image:0", Array(6..<12)), ("image:1", Array(14..<18)),
            ("bos", [0]), ("system", [1, 2, 3]), ("template", [4, 5, 20]), ("history", [12, 13]),
            ("question", [18, 19]),
            ("prefix", [21]), ("text", Array(0..<6) + [12, 13] + Array(18..<22)),
            ("post_image", [12, 13] + Array(18..<22)), ("last", [21]),
            ([3, 1, 3], [1, 3]), (["range": [2, 5]], [2, 3, 4]), (["range": [0, 22]], Array(0..<22)),
            (["patches": [[0, 0], [1, 2]]], [6, 11]), (["patches": [[0, 0]], "buffer": 1], [6, 7, 9, 10]),
            (["patches": [[0, 0]], "buffer": 1024], Array(6..<12)), (["patches": [[1, 1]], "image": 1], [17]),
            (["patches": [[-1, -3]]], [9]),
            (["box": [21, 1, 39, 19]], [7]), (["box": [19, 19, 21, 21]], [6, 7, 9, 10]),
            (["box": [0, 0, 60, 40]], Array(6..<12)), (["box": [0, 0, 14, 14], "image": 1], [14]),
            (["polygon": [[1, 1], [5, 1], [1, 5]]], [6]), (["rows": [-1]], [9, 10, 11]), (["rows": [0]], [6, 7, 8]),
            (["rows": [0, 1], "image": 1], Array(14..<18)), (["register": ["sigma": 2]], [11]),
            (["union": ["bos", "last", [0]]], [0, 21]), (["minus": ["image:0", ["rows": [0]]]], [9, 10, 11]),
            (["intersect": ["image", ["range": [10, 15]]]], [10, 11, 14]),
            (["random": 2, "of": "question"], [18, 19]),
        ] as [(JSONValue, [Int])]
    )
    func everyFormResolves(form: JSONValue, positions: [Int]) throws {
        let set = try resolve(form)
        #expect(set.promptPositions == positions)
        #expect(!set.generated)
    }

    @Test func generatedMeansThePositionsBehindThePrompt() throws {
        let set = try resolve("generated")
        #expect(set.promptPositions.isEmpty && set.generated)
        #expect(set.contains(22) && set.contains(1000) && !set.contains(21))
        #expect(set.first == 22)
        #expect(try resolve(["union": ["generated", "last"]]).generated)
        #expect(try !resolve(["minus": [["union": ["generated", "last"]], "generated"]]).generated)
        #expect(try resolve(["intersect": ["generated", ["union": ["last", "generated"]]]]).generated)
    }

    @Test func aDrawIsRepeatableAndStaysInItsSpan() throws {
        func draw(_ count: JSONValue, _ seed: JSONValue) throws -> [Int] {
            try resolve(["random": count, "of": "image", "seed": seed]).promptPositions
        }
        #expect(try draw(4, 1) == draw(4, 1))
        #expect(try draw(4, -1) == draw(4, -1))
        #expect(try Set((0..<20).map { try draw(4, .integer($0)) }).count > 10)
        for seed in 0..<20 {
            let drawn = try draw(4, .integer(seed))
            #expect(drawn.count == 4 && drawn.allSatisfy { SampleLayout.layout.kind(at: $0) == .image })
        }
        #expect(try draw(10, 3) == (resolve("image").promptPositions))
        #expect(try resolve(["random": 3, "of": "image"]) == resolve(["random": 3, "of": "image", "seed": 0]))
    }

    @Test func theNamesOfTheLayoutAreTheOnesThatResolve() {
        for name in PromptLayout.spanNames { #expect(SampleLayout.layout.positions(named: name) != nil, "\(name)") }
        for name in ["", "image:", "image:2", "image:-1", "images", "Image"] {
            #expect(SampleLayout.layout.positions(named: name) == nil, "\(name)")
        }
    }

    @Test(
        arguments: [
            ("banana", "banana.*question"), ("image:x", "image:x"), (3, "span"), (true, "span"), (.null, "span"),
            ([:], "span.*must be a span"), (["from": 1], "must be a span"),
            ([1.5], "span\\[0\\].*integer"), (["a", 1], "span\\[0\\].*integer"), (["range": [1]], "span.range.*two"),
            (["range": 4], "span.range.*array"), (["patches": [[1]]], "span.patches\\[0\\].*two"),
            (["patches": 1], "span.patches.*array"), (["box": [1, 2, 3]], "span.box.*4"),
            (["box": ["a", 1, 2, 3]], "span.box\\[0\\].*number"), (["polygon": [[1, 2, 3]]], "span.polygon\\[0\\].*2"),
            (["mask": "%%%"], "span.mask"), (["mask": "aGVsbG8="], "span.mask"), (["mask": 4], "span.mask.*string"),
            (["patches": [[0, 0]], "buffer": -1], "buffer is -1"),
            (["patches": [[0, 0]], "buffer": 1025], "buffer is 1025"), (["rows": "x"], "span.rows.*array"),
            (["random": 3], "span.of: is missing"), (["random": "x", "of": "image"], "span.random.*integer"),
            (["union": []], "span.union.*at least one"), (["union": "image"], "span.union.*array"),
            (["minus": ["image"]], "span.minus.*2 spans"),
            (["union": ["image", ["range": [1]]]], "span.union\\[1\\].range"),
            (["register": ["sigma": "x"]], "span.register.sigma"), (["register": 3], "span.register.*object"),
            (["box": [0, 0, 1, 1], "rows": [0]], "span.*box and rows"),
            (
                ["union": ["image", ["range": [0, 1], "minus": ["image", "bos"]]]], "span.union\\[1\\].*range and minus"
            ),
        ] as [(JSONValue, String)]
    )
    func aFormThatIsNoneIsInvalidAndNamesItsPath(form: JSONValue, pattern: String) throws {
        let error = #expect(throws: ProbeError.self) { try resolve(form) }
        #expect(error?.kind == .invalid)
        let message = try #require(error?.message)
        #expect(try message.contains(Regex(pattern)), "\(message)")
    }

    @Test(
        arguments: [
            ("image:2", "2 pictures"), ("image:-1", "2 pictures"), ([22], "position 22"), ([-1], "position -1"),
            (["range": [5, 5]], "range"), (["range": [5, 23]], "range"), (["range": [-1, 3]], "range"),
            ([], "no position"),
            (["patches": [[2, 0]]], "2"), (["patches": [[0, -4]]], "-4"), (["patches": []], "no position"),
            (["patches": [[0, 0]], "image": 2], "picture 2"), (["patches": [[0, 0]], "image": -1], "picture -1"),
            (["box": [61, 0, 70, 10]], ""), (["box": [10, 10, 5, 5]], ""), (["polygon": [[1, 1]]], ""),
            (["rows": [2]], "2"), (["rows": [-3]], "-3"),
            (["register": ["sigma": 2], "image": 1], "picture 1's 4 tokens exceeds 1.0"),
            (["random": 0, "of": "image"], "random is 0"), (["random": 11, "of": "image"], "random is 11"),
            (["random": -1, "of": "image"], "random is -1"), (["random": 1, "of": "generated"], "random is 1"),
            (["minus": ["image", "image"]], "no position"), (["intersect": ["bos", "last"]], "no position"),
            ([.integer(.max)], "is not in the prompt"), (["rows": [.integer(.min)]], ""),
            (["rows": [.integer(.max)]], ""),
            (["patches": [[.integer(.max), .integer(.max)]]], ""), (["patches": [[.integer(.min), 0]]], ""),
            (["range": [.integer(.min), .integer(.max)]], "range"),
            (["random": .integer(.max), "of": "image"], "random"),
            (["patches": [[0, 0]], "image": .integer(.min)], "picture"),
        ] as [(JSONValue, String)]
    )
    func positionsThatThePromptLacksAreUnsupportedAndNamed(form: JSONValue, words: String) throws {
        let error = #expect(throws: ProbeError.self) { try resolve(form) }
        #expect(error?.kind == .unsupported)
        #expect(error?.parameter == "span")
        #expect(words.isEmpty || error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test func spansNestToALimit() throws {
        func nested(_ depth: Int) -> JSONValue {
            (0..<depth).reduce("bos") { inner, _ in ["union": [inner]] }
        }
        #expect(try resolve(nested(3)).promptPositions == [0])
        let error = #expect(throws: ProbeError.self) { try resolve(nested(4)) }
        #expect(error?.kind == .invalid)
        #expect(error?.message.contains("4") == true)
    }

    private func resolve(_ form: JSONValue) throws -> PositionSet {
        try SpanSelector(ProbeField(form, path: "span")).resolved(in: SampleLayout.layout, parameter: "span")
    }
}
