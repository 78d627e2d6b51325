import Foundation
import Imaging
import Models
import Testing

@testable import Experiments

/// Every experiment on the embedded model and two of its scenes.
@Suite struct ExperimentCatalogTests {
    /// Means by figure, series and x, from the table that the experiment writes.
    private func means(_ experiment: any Experiment) async throws -> [String: Double] {
        var settings = ExperimentSettings()
        settings.maxTokens = 24
        settings.gradientSteps = 4
        return try await ExampleRun.means(experiment, settings)
    }

    @Test func fractionsSumToOneInEveryLayer() async throws {
        let means = try await means(try ExperimentCatalog.named("attention-fraction"))
        for layer in 0..<8 {
            let shares = try ["image", "text", "generated"].map {
                try #require(means["share by token type,\($0),\(layer)"])
            }
            #expect(abs(shares.reduce(0, +) - 1) < 1e-5)
        }
    }

    @Test func anAnswerThatNeverSeesThePictureLosesItsObjects() async throws {
        let means = try await means(try ExperimentCatalog.named("knockout-sweep"))
        let blind = try #require(means["knockout from a layer on,img->txt+gen,0"])
        let late = try #require(means["knockout from a layer on,img->txt+gen,7"])
        #expect(blind < late)
        #expect(means.keys.count { $0.hasPrefix("knockout everywhere but in the middle") } == 3)
    }

    @Test func theOtherExperimentsMeasureWhatTheirFiguresShow() async throws {
        let lens = try await means(try ExperimentCatalog.named("logit-lens"))
        #expect(lens.count == 36)
        #expect(lens.values.allSatisfy { (0...1).contains($0) })
        let hits = try await means(try ExperimentCatalog.named("localization"))
        #expect(hits["hit rate by layer,chance,0"].map { (0...1).contains($0) } == true)
        let ablation = try await means(try ExperimentCatalog.named("object-ablation"))
        #expect(ablation["right answers without ablation,polling,"] == 1)
        // 250 tokens are clipped to the picture's 144.
        for series in ["random", "gradient"] {
            let flips = ablation.keys.filter { $0.hasPrefix("\"flip rate, polling, by count\",\(series),") }
            #expect(
                Set(flips.compactMap { Int($0.split(separator: ",").last ?? "") }) == [5, 10, 20, 40, 60, 100, 144]
            )
        }
        #expect(
            ablation["\"flip rate, polling, by count\",random,144"]
                == ablation["\"flip rate, polling, by count\",gradient,144"]
        )
        let losses = ["Δ probability, polling", "Δ logit, vqa"].map { ablation["\"\($0)\",object,"] ?? 0 }
        #expect(losses.allSatisfy { $0 < -0.1 })
        let readout = try await means(try ExperimentCatalog.named("object-readout"))
        #expect(readout.keys.count { $0.hasPrefix("log-probability of the class") } == 36)
        let curve = try await means(try ExperimentCatalog.named("top-k-curve"))
        #expect(curve.count == 9)
    }

    @Test func anOutlineOfThePictureLiesWhereItsClassIsNamed() throws {
        let data = try ExampleRun.dataset()
        #expect(data.pictures.count == 24)
        for picture in data.pictures {
            for object in picture.objects {
                let mask = try picture.mask(of: object)
                #expect(abs(Double(mask.count) - object.annotation.area) < 0.05 * object.annotation.area + 20)
            }
        }
    }

    @Test func withoutStepsThereAreNoSetsOfGradients() async throws {
        var settings = ExperimentSettings()
        settings.maxTokens = 2
        settings.gradientSteps = 0
        let means = try await ExampleRun.means(try ExperimentCatalog.named("object-ablation"), settings)
        #expect(means.keys.contains { $0.contains(",random,") } && !means.keys.contains { $0.contains("gradient") })
    }

    @Test func anObjectIsControlledByNoiseInItsPlace() async throws {
        let bench = try ExampleRun.bench()
        let picture = try #require(try ExampleRun.dataset().pictures.first)
        let control = try await NoiseControl(try ExampleRun.shown(picture), on: bench)
        let object = try #require(picture.objects.first)
        #expect(try await control.admits(object))
        // The description does not name it.
        let unseen = AnnotatedObject(className: "zebra", box: object.annotation.box, area: object.annotation.area)
        #expect(try await !control.admits(object.renamed(unseen)))
        // Noise elsewhere does not change that it is named.
        let corner = AnnotatedObject(
            className: object.annotation.className,
            box: Box(x0: 0, y0: 0, x1: 9, y1: 9),
            area: 81
        )
        let other = try await NoiseControl(try ExampleRun.shown(picture), on: try ExampleRun.bench())
        #expect(try await !other.admits(object.renamed(corner)))
        var settings = ExperimentSettings()
        settings.controlsNoise = true
        let question = try await ObjectQuestion.drawn(
            from: try ExampleRun.shown(picture),
            on: ExperimentBench(model: bench.model, settings: settings)
        )
        #expect(question?.object == object)
    }

    @Test func aPatchIsCoveredByTheShareOfItsPixels() throws {
        let axis = AxisMap(scale: 2, offset: 0)
        let tile = Tile(name: "image", rows: 1, cols: 2, patchSize: 2, horizontal: axis, vertical: axis)
        let geometry = ImageGeometry(
            originalWidth: 8,
            originalHeight: 4,
            preprocess: .crop,
            modelHeight: 2,
            modelWidth: 4,
            tiles: [tile]
        )
        let mask = try PixelMask(filling: Box(x0: 2, y0: 0, x1: 5, y1: 4), width: 8, height: 4)
        #expect(PatchCover.shares(mask, geometry) == [0.5, 0.25])
        #expect(LocalizationExperiment.patchWidth(geometry) == 4)
        #expect(LocalizationExperiment.chance(geometry, mask: mask, dilation: 0) == 0.5)
        #expect(LocalizationExperiment.chance(geometry, mask: mask, dilation: 2) == 1)
    }

    @Test func aPatchSpellsWholeWordsAndPlurals() {
        #expect(LogitLensExperiment.spell(["red", "cup"], ["x", " Cups"]))
        #expect(!LogitLensExperiment.spell(["red", "cup"], ["cupboard", "re", ""]))
    }

    @Test(arguments: [
        (Box(x0: 40, y0: 40, x1: 60, y1: 60), "center"), (Box(x0: 0, y0: 0, x1: 9, y1: 9), "top left"),
        (Box(x0: 90, y0: 40, x1: 120, y1: 60), "right"), (Box(x0: 40, y0: 80, x1: 60, y1: 100), "bottom"),
    ])
    func aPlaceIsANinthOfThePicture(box: Box, place: String) {
        let picture = AnnotatedPicture(id: 1, file: "a", width: 100, height: 100)
        #expect(ObjectQuestion.place(of: box, in: picture) == place)
    }
}

extension PlacedObject {
    /// The same number with another annotation and without an outline.
    fileprivate func renamed(_ annotation: AnnotatedObject) -> PlacedObject {
        PlacedObject(id: id, annotation: annotation, classWords: [], attributeWords: [], outline: nil)
    }
}
