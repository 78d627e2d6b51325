import Foundation
import Imaging
import Models
import Probing
import Testing

@testable import Experiments

/// Each quirk of `--compat reference` beside what is right.
@Suite struct ReferenceQuirkTests {
    private func means(_ experiment: any Experiment, _ quirks: Set<ReferenceQuirk>) async throws -> [String: Double] {
        var settings = ExperimentSettings()
        settings.maxTokens = 24
        settings.quirks = quirks
        return try await ExampleRun.means(experiment, settings)
    }

    @Test func substringsAreFoundOnlyOnRequest() {
        #expect(PhraseLocator.ranges(of: "car", in: "a carpet") == [])
        #expect(PhraseLocator.ranges(of: "car", in: "a scarf, a Car", wholeWords: false) == [3..<6, 11..<14])
        #expect(PhraseLocator.ranges(of: "yes", in: "eyes", wholeWords: false) == [1..<4])
    }

    @Test func aNameInsideAnotherWordAnswersOnlyOnRequest() throws {
        var settings = ExperimentSettings()
        let object = try #require(try ExampleRun.dataset().pictures[0].objects.first)
        let model = try ExampleRun.bench().model
        #expect(!ExperimentBench(model: model, settings: settings).task(.polling, about: object).matchesSubstrings)
        settings.quirks = [.substrings]
        let task = ExperimentBench(model: model, settings: settings).task(.polling, about: object)
        #expect(task.says("yes", "Two eyes") && task.says("car", "a carpet"))
        #expect(!AblationTask(.polling, className: "car").says("yes", "Two eyes"))
    }

    @Test func ofAWordThatIsSaidTwiceTheLastPlaceAloneCountsOnRequest() {
        let text = "a dog, a cat, two dogs"
        #expect(NamingMaps.places(of: "dog", in: text, wholeWords: true, lastOnly: false) == [2..<5, 18..<22])
        #expect(NamingMaps.places(of: "dog", in: text, wholeWords: true, lastOnly: true) == [18..<22])
        #expect(NamingMaps.places(of: "bird", in: text, wholeWords: true, lastOnly: true) == [])
    }

    @Test func aGridByIntegerDivisionDriftsAtTheFarEdge() {
        let axis = AxisMap(scale: 5, offset: 0)
        let tile = Tile(name: "image", rows: 4, cols: 4, patchSize: 3, horizontal: axis, vertical: axis)
        let geometry = ImageGeometry(
            originalWidth: 60,
            originalHeight: 63,
            preprocess: .crop,
            modelHeight: 12,
            modelWidth: 12,
            tiles: [tile]
        )
        #expect(geometry.floorDivided.patchBoxes[3] == Box(x0: 45, y0: 0, x1: 60, y1: 15))
        #expect(geometry.floorDivided.patchBoxes[12] == Box(x0: 0, y0: 45, x1: 15, y1: 60))
        #expect(geometry.patches([]) == geometry)
        #expect(geometry.patches([.floorGrid]) == geometry.floorDivided)
    }

    @Test func aPixelBehindTheDividedGridCountsToItsEdge() throws {
        // 10 pixels over 4 columns: patches of 2, so pixels 8 and 9 lie behind the grid; in truth a patch has 2.5.
        let axis = AxisMap(scale: 10.0 / 12, offset: 0)
        let tile = Tile(name: "image", rows: 4, cols: 4, patchSize: 3, horizontal: axis, vertical: axis)
        let geometry = ImageGeometry(
            originalWidth: 10,
            originalHeight: 10,
            preprocess: .crop,
            modelHeight: 12,
            modelWidth: 12,
            tiles: [tile]
        )
        let image = ImagePlacement(imageID: "a", geometry: geometry, positions: 2..<18)
        let layout = PromptLayout(
            tokens: [0, 1].map { PromptLayout.Token(position: $0, id: 0, text: "", kind: .template) },
            images: [image]
        )
        func patches(_ pixel: Int, _ quirks: Set<ReferenceQuirk>) throws -> [Int] {
            let mask = try PixelMask(
                filling: Box(x0: Double(pixel), y0: 0, x1: Double(pixel + 1), y1: 1),
                width: 10,
                height: 10
            )
            return try SpanSelector.patches(of: mask, in: layout, quirks).resolved(in: layout, parameter: "")
                .promptPositions
        }
        #expect(try patches(4, []) == [3])
        #expect(try patches(4, [.floorGrid]) == [4])
        #expect(try patches(9, []) == [5])
        #expect(try patches(9, [.floorGrid]) == [5])
    }

    @Test func aConstantMapPeaksInTheFirstPixelAndHasNoMass() throws {
        let axis = AxisMap(scale: 1, offset: 0)
        let tile = Tile(name: "image", rows: 2, cols: 2, patchSize: 4, horizontal: axis, vertical: axis)
        let geometry = ImageGeometry(
            originalWidth: 8,
            originalHeight: 8,
            preprocess: .crop,
            modelHeight: 8,
            modelWidth: 8,
            tiles: [tile]
        )
        let mask = try PixelMask(filling: Box(x0: 0, y0: 0, x1: 4, y1: 4), width: 8, height: 8)
        let scorer = LocalizationScorer(geometry, mask: mask, dilation: 0)
        #expect(abs(try #require(scorer.score([2, 2, 2, 2])).massInside - 0.25) < 1e-9)
        let scaled = try #require(scorer.scoreScaled([2, 2, 2, 2]))
        #expect(scaled.peak == (0, 0) && scaled.isHit && scaled.massInside == 0)
        // Scaling takes the lowest value from all of them, and with it mass that lay outside.
        let (raw, moved) = (try #require(scorer.score([3, 2, 2, 2])), try #require(scorer.scoreScaled([3, 2, 2, 2])))
        #expect(raw.peak == moved.peak && moved.massInside > raw.massInside + 0.2)
    }

    @Test func aKnockoutFromALayerOnBeginsBehindIt() async throws {
        let right = try await means(try ExperimentCatalog.named("knockout-sweep"), [])
        let quirky = try await means(try ExperimentCatalog.named("knockout-sweep"), [.laterLayers])
        for preset in KnockoutPreset.allCases {
            let figure = "knockout from a layer on,\(preset.rawValue)"
            for layer in 0..<7 { #expect(quirky["\(figure),\(layer)"] == right["\(figure),\(layer + 1)"]) }
            #expect(quirky["\(figure),7"] == 1)
        }
        let blind = "knockout from a layer on,img->gen,"
        #expect(right[blind + "4"] != right[blind + "5"], "the layers must differ for this test to mean anything")
    }

    @Test func onlyTheLastStateIsNormedTwice() async throws {
        let right = try await means(try ExperimentCatalog.named("logit-lens"), [])
        let quirky = try await means(try ExperimentCatalog.named("logit-lens"), [.normedTwice])
        #expect(right != quirky)
        for (place, value) in right where !place.hasSuffix(",8") { #expect(quirky[place] == value, "\(place)") }
    }

    @Test func everyQuirkBelongsToAnExperimentWhoseReportNamesIt() async throws {
        let used = ExperimentCatalog.all.flatMap(\.quirks)
        #expect(Set(used) == Set(ReferenceQuirk.allCases))
        var settings = ExperimentSettings()
        settings.maxTokens = 2
        settings.quirks = Set(ReferenceQuirk.allCases)
        let html = try await ExampleRun.report(try ExperimentCatalog.named("localization"), settings).html
        for quirk in ReferenceQuirk.allCases {
            let isHere = [.floorGrid, .lastMention, .scaledMaps, .substrings].contains(quirk)
            #expect(html.contains("<b>\(quirk.rawValue)</b>") == isHere, "\(quirk)")
        }
        settings.quirks = []
        let plain = try await ExampleRun.report(try ExperimentCatalog.named("localization"), settings).html
        #expect(!plain.contains("--compat reference"))
    }
}
