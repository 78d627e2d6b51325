public import Foundation
import JSON

/// Runs several experiments with one resident model, each into a directory of its own below one, and writes a page about
/// all of them. Like each of its experiments it can be gone on with.
public struct ExperimentSet {
    /// An experiment and what it is run over.
    public struct Part {
        /// The experiment.
        public let experiment: any Experiment
        /// Its pictures.
        public let dataset: PictureDataset
        /// The directory that their files are relative to.
        public let images: URL

        /// An experiment over the pictures below `images`.
        public init(_ experiment: any Experiment, over dataset: PictureDataset, images: URL) {
            self.experiment = experiment
            self.dataset = dataset
            self.images = images
        }
    }

    private let runners: [(name: String, runner: ExperimentRunner)]
    private let leftOut: [(name: String, reason: String)]
    private let samples: [URL]
    private let out: URL

    /// Plans the runs; throws what makes one of them impossible before any is begun.
    ///
    /// - Parameters:
    ///   - leftOut: Experiments that the page says were not run, and why.
    ///   - limit: Pictures of each experiment at most.
    public init(
        _ parts: [Part],
        leftOut: [(name: String, reason: String)] = [],
        on bench: ExperimentBench,
        out: URL,
        limit: Int? = nil
    ) throws {
        runners = try parts.map { part in
            let name = part.experiment.name
            let runner = try ExperimentRunner(
                part.experiment,
                on: bench,
                dataset: part.dataset,
                images: part.images,
                out: out.appendingPathComponent(name, isDirectory: true),
                limit: limit
            )
            return (name, runner)
        }
        samples =
            parts.first.map { part in
                part.dataset.pictures.prefix(IndexReport.sampleCount).map {
                    part.images.appendingPathComponent($0.file)
                }
            } ?? []
        self.leftOut = leftOut
        self.out = out
    }

    /// Runs what is not done yet and writes all reports; returns the file of the page about all. `report` hears of each
    /// picture as it is finished.
    public func run(
        _ report: (_ experiment: String, ExperimentRunner.Progress) -> Void = { _, _ in }
    ) async throws -> URL {
        var reports: [ExperimentReport] = []
        for (name, runner) in runners { reports.append(try await runner.run { report(name, $0) }) }
        // The first experiment's pictures are those of the samples.
        let captions = reports.first?.items.prefix(samples.count).map { $0.details["answer"]?.string ?? $0.file } ?? []
        let index = IndexReport(
            reports: reports,
            leftOut: leftOut,
            samples: zip(samples, captions).compactMap { url, caption in
                FileManager.default.contents(atPath: url.path).map { ($0, caption) }
            }
        )
        try Data(index.csv.utf8).write(to: out.appendingPathComponent("summary.csv"), options: .atomic)
        let page = out.appendingPathComponent("report.html")
        try Data(index.html.utf8).write(to: page, options: .atomic)
        return page
    }
}
