import JSON
import Probing
import Testing

@Suite struct LayerSelectorTests {
    @Test(arguments: [
        ("early", 0...9), ("early-mid", 5...14), ("mid", 11...20), ("mid-late", 15...24), ("late", 21...31),
    ])
    func presetsOfThirtyTwoLayersAreThePublishedWindows(name: String, window: ClosedRange<Int>) throws {
        #expect(try resolve(.string(name), 32) == Array(window))
    }

    @Test(
        arguments: [
            (1, [0...0, 0...0, 0...0, 0...0, 0...0]), (2, [0...0, 0...0, 1...1, 1...1, 1...1]),
            (8, [0...1, 1...3, 3...4, 4...5, 5...7]), (80, [0...24, 13...37, 27...52, 38...61, 53...79]),
        ] as [(Int, [ClosedRange<Int>])]
    )
    func presetsRoundTheirFractionsOfTheDepth(count: Int, windows: [ClosedRange<Int>]) throws {
        for (name, window) in zip(["early", "early-mid", "mid", "mid-late", "late"], windows) {
            #expect(try resolve(.string(name), count) == Array(window), "\(name) of \(count)")
        }
    }

    @Test(arguments: [1, 2, 3, 4, 24, 40, 80])
    func everyPresetSelectsLayersOfAnyModel(count: Int) throws {
        for name in LayerSelector.presets.keys {
            let layers = try resolve(.string(name), count)
            #expect(!layers.isEmpty && layers.allSatisfy { (0..<count).contains($0) })
            #expect(layers == layers.sorted())
        }
        #expect(try resolve("early", count).first == 0)
        #expect(try resolve("late", count).last == count - 1)
    }

    @Test(
        arguments: [
            ("all", Array(0..<8)), ([5, 2, 5], [2, 5]), (["from": 6], [6, 7]), (["from": 0], Array(0..<8)),
            (["to": 1], [0, 1]), (["window": [2, 4]], [2, 3, 4]), (["window": [3, 3]], [3]),
            (["except": [2, 6]], [0, 1, 7]), (["center": 4, "width": 3], [3, 4, 5]),
            (["center": 4, "width": 4], [2, 3, 4, 5]), (["center": 0, "width": 5], [0, 1, 2]),
            (["center": 7, "width": 5], [5, 6, 7]), (["center": 4, "width": 1], [4]),
            (["fraction": [0, 1]], Array(0..<8)),
            (["fraction": [0.25, 0.5]], [2, 3]), (["fraction": [0.99, 1]], [7]),
        ] as [(JSONValue, [Int])]
    )
    func everyFormResolves(form: JSONValue, layers: [Int]) throws {
        #expect(try resolve(form, 8) == layers)
    }

    @Test(
        arguments: [
            (8, "must be"), ([1.5], "integer"), (["a"], "integer"), ("middle", "middle"), ([:], "must be"),
            (["window": [1]], "two integers"), (["window": 3], "array"), (["center": 2], "width"),
            (["fraction": [0.1]], "2 numbers"), (["from": "x"], "integer"), (true, "must be"),
            (["from": 2, "to": 5], "from and to"), (["window": [1, 2], "center": 3, "width": 1], "window and center"),
        ] as [(JSONValue, String)]
    )
    func aFormThatIsNoneIsInvalidAndNamed(form: JSONValue, words: String) throws {
        let error = #expect(throws: ProbeError.self) { try LayerSelector(ProbeField(form, path: "layers")) }
        #expect(error?.kind == .invalid)
        #expect(error?.parameter.hasPrefix("layers") == true)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test(
        arguments: [
            ([8], "layer 8"), ([-1], "layer -1"), (["from": 8], "layer 8"), (["to": -1], "layer -1"),
            (["window": [2, 8]], "layer 8"), (["window": [4, 2]], "no layer"), (["except": [0, 7]], "no layer"),
            (["center": 9, "width": 1], "layer 9"), (["center": 1, "width": 0], "width is 0"),
            (["center": 1, "width": -3], "width is -3"), (["fraction": [0.5, 0.5]], "fraction"),
            (["fraction": [-0.1, 0.5]], "fraction"), (["fraction": [0, 1e300]], "fraction"), ([], "no layer"),
            ([.integer(.max)], "does not exist"),
            (["center": .integer(.max), "width": .integer(.max)], "does not exist"),
            (["center": 1, "width": .integer(.max)], "width is"),
        ] as [(JSONValue, String)]
    )
    func layersThatAModelLacksAreUnsupportedAndNamed(form: JSONValue, words: String) throws {
        let error = #expect(throws: ProbeError.self) { try resolve(form, 8) }
        #expect(error?.kind == .unsupported)
        #expect(error?.parameter == "plan.layers")
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    /// A sweep runs what is named alike once.
    @Test func windowsOfDifferentLayersHaveDifferentNames() throws {
        var names: [String: [Int]] = [:]
        for center in 0..<8 {
            for width in 1...6 {
                let selector = LayerSelector.centered(center, width: width)
                let layers = try selector.resolved(count: 8, parameter: "x")
                #expect(names.updateValue(layers, forKey: selector.description) == nil, "\(selector)")
            }
        }
        #expect(LayerSelector.centered(4, width: 5).description == "4±2")
        #expect(LayerSelector.centered(4, width: 4).description == "4-2+1")
    }

    private func resolve(_ form: JSONValue, _ count: Int) throws -> [Int] {
        try LayerSelector(ProbeField(form, path: "plan.layers")).resolved(count: count, parameter: "plan.layers")
    }
}
