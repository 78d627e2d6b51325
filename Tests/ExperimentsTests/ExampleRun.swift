import Foundation
import Generation
import Models

@testable import Experiments

/// Runs of experiments on the embedded model and the first two of its examples.
enum ExampleRun {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let images = root.appendingPathComponent("public/examples")

    static func bench(_ settings: ExperimentSettings = ExperimentSettings()) throws -> ExperimentBench {
        let model = try VisionLanguageModel.load(
            root.appendingPathComponent("Sources/fovea/EmbeddedModel"),
            options: ModelOptions()
        )
        return ExperimentBench(model: model, settings: settings)
    }

    static func dataset() throws -> PictureDataset {
        try CocoReader.read(images.appendingPathComponent("annotations.json"))
    }

    static func shown(_ picture: AnnotatedPicture) throws -> ShownPicture {
        let url = images.appendingPathComponent(picture.file)
        return ShownPicture(
            annotated: picture,
            image: .init(id: "picture \(picture.id)", bytes: try Data(contentsOf: url), path: url.path)
        )
    }

    /// What an experiment reports; `dataset` and `images` are the examples unless they are given.
    static func report(
        _ experiment: any Experiment,
        _ settings: ExperimentSettings = ExperimentSettings(),
        over dataset: PictureDataset? = nil,
        images: URL = images
    ) async throws -> ExperimentReport {
        let out = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: out) }
        let runner = try ExperimentRunner(
            experiment,
            on: bench(settings),
            dataset: dataset ?? self.dataset(),
            images: images,
            out: out,
            limit: 2
        )
        return try await runner.run()
    }

    /// Means by figure, series and x, from the table that an experiment writes.
    static func means(
        _ experiment: any Experiment,
        _ settings: ExperimentSettings
    ) async throws -> [String: Double] {
        means(try await report(experiment, settings))
    }

    static func means(_ report: ExperimentReport) -> [String: Double] {
        var means: [String: Double] = [:]
        for line in report.csv.split(separator: "\r\n").dropFirst() {
            // The series of some sets have a comma and are quoted.
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            means[fields.dropLast(4).joined(separator: ",")] = Double(fields[fields.count - 3])
        }
        return means
    }
}
