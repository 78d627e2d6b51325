public import Foundation
import Generation
import JSON

/// Runs an experiment over a data set into a directory that any process may go on with:
///
/// - `settings.json`: what was run on which model; results of other settings are never mixed in.
/// - `items.jsonl`: a line for each finished picture, in the data set's order. A finished one is never done again.
/// - `summary.csv` and `report.html`: made from the lines, at the end and again whenever the experiment is run again.
public struct ExperimentRunner: Sendable {
    /// How far it is.
    public struct Progress: Sendable {
        /// Pictures whose results are on the disk.
        public let done: Int
        /// Pictures in all.
        public let total: Int
        /// Seconds that the rest takes, judged by what this process did; `nil` until it has finished one.
        public let secondsLeft: Double?
    }

    private let experiment: any Experiment
    private let bench: ExperimentBench
    private let pictures: [AnnotatedPicture]
    private let images: URL
    private let out: URL

    /// Plans a run over the first `limit` pictures, or all.
    ///
    /// Throws an error that names the first picture without a file, so that no run ends for that after hours.
    public init(
        _ experiment: any Experiment,
        on bench: ExperimentBench,
        dataset: PictureDataset,
        images: URL,
        out: URL,
        limit: Int? = nil
    ) throws {
        self.experiment = experiment
        self.bench = bench
        pictures = Array(dataset.pictures.prefix(limit ?? dataset.pictures.count))
        self.images = images
        self.out = out
        for picture in pictures {
            let path = images.appendingPathComponent(picture.file).path
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw DatasetError(path, "cannot be read; the annotations name it as picture \(picture.id)")
            }
        }
    }

    /// Where the report is, or will be.
    public var page: URL { out.appendingPathComponent("report.html") }

    /// Runs what is not done yet, then writes the summary and the report, which it returns. `report` hears of each picture
    /// as it is finished.
    @discardableResult
    public func run(_ report: (Progress) -> Void = { _ in }) async throws -> ExperimentReport {
        try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
        let settings = try claimDirectory()
        let journal = try ResultJournal(out.appendingPathComponent("items.jsonl"))
        let finished = Set(journal.items.map(\.id))
        try checkPictures(journal.items)
        let start = ContinuousClock.now
        var measured = 0
        var done = pictures.count { finished.contains($0.id) }
        report(Progress(done: done, total: pictures.count, secondsLeft: nil))
        for picture in pictures where !finished.contains(picture.id) {
            try Task.checkCancellation()
            let findings = try await measure(picture)
            let item = ItemResult(picture, measurements: findings.measurements, details: .object(findings.details))
            try journal.append(item)
            measured += 1
            done += 1
            let perPicture = (ContinuousClock.now - start) / .seconds(1) / Double(measured)
            let left = perPicture * Double(pictures.count - done)
            report(Progress(done: done, total: pictures.count, secondsLeft: left))
        }
        return try summarize(journal.items, settings)
    }

    // MARK: - Private

    private func measure(_ picture: AnnotatedPicture) async throws -> Findings {
        let url = images.appendingPathComponent(picture.file)
        guard let bytes = FileManager.default.contents(atPath: url.path) else {
            throw DatasetError(url.path, "cannot be read")
        }
        // Numbers of pictures repeat from data set to data set, and embeddings are kept by this name.
        let image = PromptImage(id: url.path, bytes: bytes, path: url.path)
        return try await experiment.measure(ShownPicture(annotated: picture, image: image), on: bench)
    }

    /// Writes down what is run, or makes sure that what the directory holds was run in the same way.
    private func claimDirectory() throws -> JSONValue {
        let settings: JSONValue = [
            "experiment": .string(experiment.name), "model": bench.modelJSON, "settings": bench.settings.json,
        ]
        let url = out.appendingPathComponent("settings.json")
        guard let known = FileManager.default.contents(atPath: url.path) else {
            try settings.serialized().write(to: url, options: .atomic)
            return settings
        }
        let recorded = try JSONValue(parsing: known)
        guard recorded == settings else {
            throw DatasetError(
                url.path,
                "was written for another run; go on with the same experiment, model and settings, or name another --out: "
                    + "there \(String(decoding: known, as: UTF8.self)), now "
                    + String(decoding: settings.serialized(), as: UTF8.self)
            )
        }
        return settings
    }

    /// Makes sure that results are of this data set: numbers alone would not show that it has changed.
    private func checkPictures(_ items: [ItemResult]) throws {
        let files = Dictionary(items.map { ($0.id, $0.file) }) { first, _ in first }
        for picture in pictures {
            guard let known = files[picture.id], known != picture.file else { continue }
            throw DatasetError(
                out.appendingPathComponent("items.jsonl").path,
                "has results of picture \(picture.id) as \(known), which now is \(picture.file); go on with the same data "
                    + "set, or name another --out"
            )
        }
    }

    /// The pictures that this run is about, in the data set's order.
    private func summarize(_ items: [ItemResult], _ settings: JSONValue) throws -> ExperimentReport {
        let known = Dictionary(items.map { ($0.id, $0) }) { first, _ in first }
        let report = ExperimentReport(
            experiment,
            on: bench,
            settings: settings,
            items: pictures.compactMap { known[$0.id] }
        )
        try Data(report.csv.utf8).write(to: out.appendingPathComponent("summary.csv"), options: .atomic)
        try Data(report.html.utf8).write(to: page, options: .atomic)
        return report
    }
}
