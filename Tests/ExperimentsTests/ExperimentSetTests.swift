import Foundation
import Imaging
import Testing

@testable import Experiments

@Suite struct ExperimentSetTests {
    private let out = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")

    private func run(limit: Int) async throws -> String {
        var settings = ExperimentSettings()
        settings.maxTokens = 12
        let parts = try ["attention-fraction", "top-k-curve"].map {
            ExperimentSet.Part(
                try ExperimentCatalog.named($0),
                over: try ExampleRun.dataset(),
                images: ExampleRun.images
            )
        }
        let bench = try ExampleRun.bench(settings)
        let set = try ExperimentSet(parts, leftOut: [("reprompt", "no <questions>")], on: bench, out: out, limit: limit)
        return try String(contentsOf: try await set.run(), encoding: .utf8)
    }

    @Test func onePageShowsAllExperimentsAndCanBeGoneOnWith() async throws {
        defer { try? FileManager.default.removeItem(at: out) }
        let first = try await run(limit: 1)
        let lines = out.appendingPathComponent("top-k-curve/items.jsonl")
        let before = try Data(contentsOf: lines)
        let second = try await run(limit: 2)
        #expect(try Data(contentsOf: lines).starts(with: before))
        #expect(try await run(limit: 2) == second && first != second)
        for name in ["attention-fraction", "top-k-curve"] {
            #expect(second.contains("<h2 id=\"\(name)\">") && second.contains("<a href=\"#\(name)\">"))
            let report = try String(contentsOf: out.appendingPathComponent("\(name)/report.html"), encoding: .utf8)
            #expect(report.contains("<svg"))
        }
        #expect(second.contains("Not run: reprompt, no &lt;questions&gt;"))
        #expect(second.contains("src=\"data:image/png;base64,") && second.contains("Key numbers"))
        let numbers = try String(contentsOf: out.appendingPathComponent("summary.csv"), encoding: .utf8)
            .split(separator: "\r\n")
        #expect(numbers.first == "experiment,number,n,mean,se" && numbers.count == 7)
        #expect(numbers.contains { $0.hasPrefix("top-k-curve,object F1 with 5 % of the image tokens,2,") })
        #expect(!second.contains("<script") && !second.contains("http"))
    }

    @Test func aReportSaysWhetherAFindingAppears() async throws {
        var settings = ExperimentSettings()
        settings.maxTokens = 24
        let report = try await ExampleRun.report(try ExperimentCatalog.named("knockout-sweep"), settings)
        #expect(report.verdicts.count == 2)
        // The embedded model's generated tokens look at the picture themselves.
        #expect(report.verdicts[0].contains("This does not appear: img->txt leaves 1.00 ± 0.00, img->gen"))
        #expect(report.verdicts[1].contains("This appears: img->txt+gen from layer 7 leaves 1.00 ± 0.00."))
        #expect(Claim("A.") { _ in nil }.verdict(Estimates([])) == nil)
    }

    @Test(arguments: [
        (0.0, 48.0, [0.0, 10, 20, 30, 40, 50]), (-11.2, 0.1, [-12, -10, -8, -6, -4, -2, 0, 2]),
        (0, 0.4, [0, 0.1, 0.2, 0.3, 0.4]),
        (0, 0, [0, 1]),
    ])
    func ticksAreRoundAndEncloseEverything(low: Double, high: Double, expected: [Double]) {
        let ticks = SVGChart.ticks(from: low, to: high)
        #expect(ticks.count == expected.count)
        #expect(zip(ticks, expected).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    @Test func aThumbnailIsTheMeanOfBlocks() {
        let image = RGBImage(width: 5, height: 2, pixels: (0..<30).map { UInt8($0) })
        let small = image.thumbnail(side: 3)
        #expect((small.width, small.height) == (2, 1))
        #expect(small.pixels == [9, 10, 11, 15, 16, 17])
        #expect(image.thumbnail(side: 5) == image)
    }

    @Test func theErrorOfAMeanCountsPicturesNotTheirNumbers() throws {
        func tally(_ values: [Double]) -> Tally { values.reduce(into: Tally()) { $0.add($1) } }
        // Numbers of a picture are all alike: ten of them say no more than one.
        let one = try #require(Estimate([tally([0]), tally([1]), tally([1]), tally([0])]))
        let ten = try #require(Estimate([0.0, 1, 1, 0].map { tally(Array(repeating: $0, count: 10)) }))
        #expect(one.mean == 0.5 && abs(one.error - (1.0 / 12).squareRoot()) < 1e-12)
        #expect(abs(ten.error - one.error) < 1e-12 && ten.count == 40 && ten.pictures == 4)
        #expect(Estimate([tally([3])])?.error == 0)
        #expect(Estimate([Tally()]) == nil)
    }
}
