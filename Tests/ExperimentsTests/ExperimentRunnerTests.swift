import Foundation
import Generation
import JSON
import ModelFixtures
import Models
import Testing

@testable import Experiments

/// Counts its pictures and ends with an error at one of them, as a killed process would end.
private struct CountingExperiment: Experiment {
    struct Killed: Error {}

    let name = "counting"
    let summary = "Counts <pixels> & objects."
    var failsAt: Int?

    func figures(_ bench: ExperimentBench) -> [Figure] {
        [Figure("pixels", axis: .layer, measure: "value"), Figure("objects", axis: .bars, measure: "count")]
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        if picture.annotated.id == failsAt { throw Killed() }
        var findings = Findings()
        findings.measurements.add(Double(picture.annotated.id) / 7, to: MeasurementKey("pixels", "a, \"b\"", x: 2))
        findings.measurements.add(true, to: MeasurementKey("objects", "all"))
        findings.details = ["bytes": .integer(picture.image.bytes.count)]
        return findings
    }
}

@Suite struct ExperimentRunnerTests {
    private static let images = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("public/examples")

    private let out = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")

    private func run(_ experiment: any Experiment, in directory: String, limit: Int = 4, seed: Int = 0) async throws {
        var settings = ExperimentSettings()
        settings.seed = seed
        let runner = try ExperimentRunner(
            experiment,
            on: ExperimentBench(model: try ModelFixture.mhaCrop.model(threads: 1), settings: settings),
            dataset: try CocoReader.read(Self.images.appendingPathComponent("annotations.json")),
            images: Self.images,
            out: out.appendingPathComponent(directory),
            limit: limit
        )
        _ = try await runner.run()
    }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: out.appendingPathComponent(path)) }

    @Test(arguments: [0, 1, 17])
    func aRunThatWasKilledEndsWithTheFileOfOneThatWasNot(tornBytes: Int) async throws {
        defer { try? FileManager.default.removeItem(at: out) }
        try await run(CountingExperiment(), in: "whole")
        await #expect(throws: CountingExperiment.Killed.self) {
            try await run(CountingExperiment(failsAt: 3), in: "killed")
        }
        let lines = out.appendingPathComponent("killed/items.jsonl")
        let torn = try bytes("whole/items.jsonl").prefix(tornBytes)
        try (try Data(contentsOf: lines) + torn).write(to: lines)
        // Pictures 1 and 2 are done: doing one of them again would end this run too.
        try await run(CountingExperiment(failsAt: 1), in: "killed")
        for file in ["items.jsonl", "summary.csv", "report.html", "settings.json"] {
            #expect(try bytes("killed/\(file)") == bytes("whole/\(file)"), "\(file)")
        }
        #expect(try bytes("whole/items.jsonl").count { $0 == UInt8(ascii: "\n") } == 4)
    }

    @Test func theReportHoldsTheNumbersOfTheLines() async throws {
        defer { try? FileManager.default.removeItem(at: out) }
        try await run(CountingExperiment(), in: "a")
        let mean = (1.0 + 2 + 3 + 4) / 7 / 4
        let csv = String(decoding: try bytes("a/summary.csv"), as: UTF8.self)
        let row = try #require(csv.split(separator: "\r\n").first { $0.hasPrefix("pixels") })
        #expect(row.hasPrefix("pixels,\"a, \"\"b\"\"\",2,4,"))
        let numbers = row.split(separator: ",").suffix(3).compactMap { Double($0) }
        #expect(abs(numbers[0] - mean) < 1e-12)
        #expect(abs(numbers[1] - 1.25.squareRoot() / 7) < 1e-12)
        #expect(abs(numbers[2] - (5.0 / 3).squareRoot() / 7 / 2) < 1e-12)
        let html = String(decoding: try bytes("a/report.html"), as: UTF8.self)
        #expect(html.contains(HTML.number(mean, digits: 4)))
        #expect(html.contains("Counts &lt;pixels&gt; &amp; objects."))
        #expect(html.contains("<svg") && html.contains("prefers-color-scheme:dark"))
        #expect(!html.contains("<script") && !html.contains("http"))
    }

    @Test func aDirectoryKeepsToItsSettings() async throws {
        defer { try? FileManager.default.removeItem(at: out) }
        try await run(CountingExperiment(), in: "a")
        await #expect(throws: DatasetError.self) { try await run(CountingExperiment(), in: "a", seed: 1) }
        // More pictures are more of the same.
        try await run(CountingExperiment(failsAt: 2), in: "a", limit: 6)
        #expect(try bytes("a/items.jsonl").count { $0 == UInt8(ascii: "\n") } == 6)
    }

    @Test func resultsOfAnotherDataSetAreNotGoneOnWith() async throws {
        defer { try? FileManager.default.removeItem(at: out) }
        try await run(CountingExperiment(), in: "a", limit: 2)
        let lines = out.appendingPathComponent("a/items.jsonl")
        let text = try String(contentsOf: lines, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "scene-02", with: "scene-77").utf8).write(to: lines)
        let error = await #expect(throws: DatasetError.self) { try await run(CountingExperiment(), in: "a") }
        #expect(error?.description.contains("picture 2 as scene-77.png, which now is scene-02.png") == true)
    }

    @Test func aLineThatIsNoResultIsNamed() async throws {
        defer { try? FileManager.default.removeItem(at: out) }
        try await run(CountingExperiment(), in: "a", limit: 2)
        let lines = out.appendingPathComponent("a/items.jsonl")
        try (try Data(contentsOf: lines) + Data("{\"id\":3}\n".utf8)).write(to: lines)
        let error = await #expect(throws: DatasetError.self) { try await run(CountingExperiment(), in: "a") }
        #expect(error?.description.contains("line 3 is no result: file: is missing") == true)
    }

    @Test func anUnknownNameListsThoseThatExist() {
        let error = #expect(throws: ExperimentError.self) { try ExperimentCatalog.named("nothing") }
        for experiment in ExperimentCatalog.all {
            #expect(error?.description.contains(experiment.name) == true)
        }
    }
}
