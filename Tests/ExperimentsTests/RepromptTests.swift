import Foundation
import Testing

@testable import Experiments

@Suite struct RepromptTests {
    @Test(arguments: [
        ("Yes", YesNoAnswer.yes), ("no", .no), (" NO.", .no), ("Yes, there is.", .yes), ("It is.", .other),
        ("Oh, yes", .other), ("is no", .other), ("Not", .no), ("", .other), ("\n yes\n", .yes), ("-yes", .yes),
    ])
    func anAnswerIsReadFromItsFirstFourCharacters(text: String, answer: YesNoAnswer) {
        #expect(YesNoAnswer(text) == answer)
    }

    /// Two pictures of the examples from `first` on in MME's layout, with these answers to the first one's questions.
    private func write(_ answers: (String, String), first: Int = 0, to root: URL) throws {
        let task = root.appendingPathComponent("existence")
        try FileManager.default.createDirectory(at: task, withIntermediateDirectories: true)
        for (index, picture) in try ExampleRun.dataset().pictures[first..<first + 2].enumerated() {
            let file = ExampleRun.images.appendingPathComponent(picture.file)
            try FileManager.default.copyItem(
                at: file,
                to: task.appendingPathComponent("\(index).\(file.pathExtension)")
            )
            let name = picture.objects[0].annotation.className
            let absent = "Is there a \(name == "white ring" ? "black star" : "white ring") in this image?"
            let text = "Is there a \(name) in this image?\t\(answers.0)\n\(absent)\t\(index == 0 ? answers.1 : "No")\n"
            try Data(text.utf8).write(to: task.appendingPathComponent("\(index).txt"))
        }
    }

    private func run(_ answers: (String, String)) async throws -> (means: [String: Double], report: ExperimentReport) {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        try write(answers, to: root)
        let report = try await ExampleRun.report(RepromptExperiment(), over: try MMEReader.read(root), images: root)
        return (ExampleRun.means(report), report)
    }

    @Test func everyStrategyIsScoredByQuestionAndByPicture() async throws {
        let (means, report) = try await run(("Yes", "No"))
        for strategy in RepromptStrategy.allCases.map(\.rawValue) {
            let name = strategy.contains(",") ? "\"\(strategy)\"" : strategy
            let (one, both) = (try #require(means["ACC,\(name),"]), try #require(means["ACC+,\(name),"]))
            #expect(one >= both && one <= (1 + both) / 2)
            #expect(means["\"ACC, existence\",\(name),"] == one)
        }
        #expect(means["ACC,asked directly,"] == 1 && means["ACC+,asked directly,"] == 1)
        #expect(report.html.contains("describe, then ask"))
        // 144 image tokens: a twentieth is 7, a fiftieth 2, and text is what naive has beyond the picture.
        let kept = try ["naive", "qs 5 %", "qs 2 %", "q", "s 2 %"].map { try #require(means["positions kept,\($0),"]) }
        let text = kept[0] - 144
        #expect(kept == [text + 144, text + 7, text + 2, text, 2])
    }

    @Test func aPictureCountsOnlyIfBothAnswersAreRight() async throws {
        let means = try await run(("Yes", "Yes")).means
        #expect(means["ACC,asked directly,"] == 0.75 && means["ACC+,asked directly,"] == 0.5)
    }

    @Test func picturesOfAnotherDataSetWithTheSameNumbersAreSeenThemselves() async throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        try write(("Yes", "No"), first: 4, to: root.appendingPathComponent("mme"))
        let parts = [
            ExperimentSet.Part(
                try ExperimentCatalog.named("attention-fraction"),
                over: try ExampleRun.dataset(),
                images: ExampleRun.images
            ),
            ExperimentSet.Part(
                RepromptExperiment(),
                over: try MMEReader.read(root.appendingPathComponent("mme")),
                images: root.appendingPathComponent("mme")
            ),
        ]
        let out = root.appendingPathComponent("out")
        _ = try await ExperimentSet(parts, on: ExampleRun.bench(), out: out, limit: 2).run()
        let csv = try String(contentsOf: out.appendingPathComponent("reprompt/summary.csv"), encoding: .utf8)
        #expect(csv.contains("ACC+,asked directly,,2,1.0,"))
    }

    @Test func picturesWithoutQuestionsAreRefused() async throws {
        await #expect(throws: ExperimentError.self) { try await ExampleRun.report(RepromptExperiment()) }
    }
}
