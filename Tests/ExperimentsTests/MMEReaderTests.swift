import Experiments
import Foundation
import Testing

@Suite final class MMEReaderTests {
    private let root = FileManager.default.temporaryDirectory.appendingPathComponent("fovea-\(UUID().uuidString)")

    deinit { try? FileManager.default.removeItem(at: root) }

    private func write(_ files: [String: String]) throws {
        for (path, text) in files {
            let url = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: url)
        }
    }

    @Test func bothArrangementsOfFilesAreRead() throws {
        try write([
            "count/b.jpg": "", "count/b.txt": "Are there two?\tYes\nAre there three?\tNo\n",
            "count/a.PNG": "", "count/a.txt": "Is it one?\tno\r\n\r\nIs it two? \t YES \r\n",
            "art/images/x.webp": "", "art/questions_answers_YN/x.txt": "A?\tYes\nB?\tYes", "count/notes.md": "",
        ])
        let pictures = try MMEReader.read(root).pictures
        #expect(pictures.map(\.file) == ["art/images/x.webp", "count/a.PNG", "count/b.jpg"])
        #expect(pictures.map(\.id) == [1, 2, 3])
        #expect(pictures.allSatisfy { $0.width == 0 && $0.objects.isEmpty })
        #expect(pictures[1].questions.map(\.text) == ["Is it one?", "Is it two?"])
        #expect(pictures[1].questions.map(\.isYes) == [false, true])
        #expect(Set(pictures.flatMap(\.questions).map(\.task)) == ["art", "count"])
    }

    @Test(arguments: [
        (["t/a.png": "", "t/a.txt": "One?\tYes"], "t/a.txt: has 1 questions; a picture has 2"),
        (["t/a.png": "", "t/a.txt": "One?\tYes\nTwo?\tperhaps"], "line 2 must be a question, a tab, and Yes or No"),
        (["t/a.png": "", "t/a.txt": "One? Yes\nTwo?\tYes"], "line 1 must be a question, a tab, and Yes or No"),
        (["t/a.txt": "One?\tYes\nTwo?\tNo"], "must belong to one picture of its name; there are 0"),
        (["t/a.txt": "", "t/a.png": "", "t/a.jpg": ""], "must belong to one picture of its name; there are 2"),
        (["t/a.png": ""], "holds no questions in MME's layout"),
    ])
    func whatIsNotMMEIsNamed(files: [String: String], problem: String) throws {
        try write(files)
        let error = #expect(throws: DatasetError.self) { try MMEReader.read(root) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }

    @Test func aDirectoryThatIsNotThereIsNamed() {
        let error = #expect(throws: DatasetError.self) { try MMEReader.read(root) }
        #expect(error?.description.contains("cannot be read as a directory") == true)
    }
}
