import Foundation
import Imaging
import Models
import Testing

@testable import Experiments

/// Every experiment on the embedded model and two of its scenes.
@Suite struct ExperimentCatalogTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Means by figure, series and x, from the table that the experiment writes.
    private func means(_ experiment: any Experiment) async throws -> [String: Double] {
        var settings = ExperimentSettings()
        settings.maxTokens = 24
        let out = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: out) }
        let images = Self.root.appendingPathComponent("public/examples")
        let model = try VisionLanguageModel.load(
            Self.root.appendingPathComponent("Sources/fovea/EmbeddedModel"),
            options: ModelOptions()
        )
        let runner = try ExperimentRunner(
            experiment,
            on: ExperimentBench(model: model, settings: settings),
            dataset: try CocoReader.read(images.appendingPathComponent("annotations.json")),
            images: images,
            out: out,
            limit: 2
        )
        _ = try await runner.run()
        let csv = try String(contentsOf: out.appendingPathComponent("summary.csv"), encoding: .utf8)
        var means: [String: Double] = [:]
        for line in csv.split(separator: "\r\n").dropFirst() {
            // The series of some sets have a comma and are quoted.
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            means[fields.dropLast(3).joined(separator: ",")] = Double(fields[fields.count - 2])
        }
        return means
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
        let readout = try await means(try ExperimentCatalog.named("object-readout"))
        #expect(readout.keys.count { $0.hasPrefix("log-probability of the class") } == 36)
        let curve = try await means(try ExperimentCatalog.named("top-k-curve"))
        #expect(curve.count == 9)
    }

    @Test func anOutlineOfThePictureLiesWhereItsClassIsNamed() throws {
        let data = try CocoReader.read(Self.root.appendingPathComponent("public/examples/annotations.json"))
        #expect(data.pictures.count == 24)
        for picture in data.pictures {
            for object in picture.objects {
                let mask = try picture.mask(of: object)
                #expect(abs(Double(mask.count) - object.annotation.area) < 0.05 * object.annotation.area + 20)
            }
        }
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
        let picture = AnnotatedPicture(id: 1, file: "a", width: 100, height: 100, objects: [])
        #expect(ObjectQuestion.place(of: box, in: picture) == place)
    }
}
