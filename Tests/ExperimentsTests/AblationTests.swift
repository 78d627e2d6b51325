import Imaging
import Testing

@testable import Experiments

@Suite struct AblationTests {
    @Test func aTokenIsRightIfItBeginsTheClassName() {
        let task = AblationTask(.vqa, className: "Teddy bear")
        #expect(task.begins(" ted"))
        #expect(task.begins("teddy"))
        #expect(!task.begins(" "))
        #expect(!task.begins(""))
        #expect(!task.begins(" bear"))
        #expect(!task.begins(" teddy bears"))
    }

    @Test func flipsAreCountedAmongRightAnswersOnly() {
        var tally = FlipTally()
        #expect(tally.rate == nil)
        tally.count(baseline: false, ablated: false)
        tally.count(baseline: true, ablated: true)
        tally.count(baseline: true, ablated: false)
        #expect((tally.correct, tally.flipped, tally.rate) == (2, 1, 0.5))
    }

    @Test func theFilterTakesSmallObjectsThatAreAloneOfTheirClass() {
        func object(_ name: String, _ area: Double) -> AnnotatedObject {
            AnnotatedObject(className: name, box: Box(x0: 0, y0: 0, x1: 40, y1: 40), area: area)
        }
        let filter = ObjectFilter()
        let (dog, cat) = (object("dog", 1500), object("cat", 9000))
        #expect(filter.admits(dog, among: [dog, cat]))
        #expect(!filter.admits(cat, among: [dog, cat]))
        #expect(!filter.admits(dog, among: [dog, object("dog", 50)]))
        #expect(!filter.admits(dog, among: [dog] + Array(repeating: cat, count: 5)))
        #expect(filter.admits(object("dog", 1000), among: [object("dog", 1000)]))
        #expect(!filter.admits(object("dog", 2000.5), among: [object("dog", 2000.5)]))
        #expect(filter.description == "1000 to 2000 pixels, at most 5 objects in the picture")
        #expect(ObjectFilter.all.admits(cat, among: [dog, cat]) && ObjectFilter.all.description == "all")
    }

    @Test func countsAreClippedToThePicturesTokens() {
        #expect(AblationSets.counts(tokens: 576) == TokenSet.counts)
        #expect(AblationSets.counts(tokens: 144) == [5, 10, 20, 40, 60, 100, 144])
        #expect(AblationSets.counts(tokens: 16) == [5, 10, 16])
    }

    @Test func noiseStaysInsideTheMaskAndFollowsItsSeed() throws {
        let image = RGBImage(width: 6, height: 4, pixels: Array(repeating: 7, count: 72))
        let mask = try PixelMask(filling: Box(x0: 1, y0: 1, x1: 5, y1: 3), width: 6, height: 4)
        let noised = PixelNoise.noised(image, where: mask, seed: 3)
        #expect(noised.pixels == PixelNoise.noised(image, where: mask, seed: 3).pixels)
        #expect(noised.pixels != PixelNoise.noised(image, where: mask, seed: 4).pixels)
        for (index, isSelected) in mask.isSelected.enumerated() where !isSelected {
            #expect(noised.pixels[3 * index..<3 * index + 3].allSatisfy { $0 == 7 })
        }
    }
}
