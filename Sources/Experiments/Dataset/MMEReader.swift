public import Foundation
import Imaging

/// Reads questions of yes or no in MME's layout:
///
/// - A directory for each task, whose name is the task's. Pictures and texts lie in it, or pictures in `images` and texts
///   in `questions_answers_YN` below it. Files elsewhere, hidden ones and other directories are passed over.
/// - A text `NAME.txt` belongs to the picture `NAME.jpg`, `.jpeg`, `.png` or `.webp`. It is UTF-8 and has two lines, each a
///   question, a tab, and `Yes` or `No` in any case. Empty lines do not count.
public enum MMEReader {
    /// Bytes that a text may have.
    static let maximumBytes = 1 << 20
    /// Questions about a picture; ACC+ needs both.
    static let questions = 2

    private static let extensions: Set<String> = ["jpg", "jpeg", "png", "webp"]

    /// Reads and checks a directory; tasks and pictures come in the order of their names, numbered from 1.
    public static func read(_ root: URL) throws(DatasetError) -> PictureDataset {
        var pictures: [AnnotatedPicture] = []
        for task in try names(in: root, directories: true) {
            let directory = root.appendingPathComponent(task, isDirectory: true)
            let below = try names(in: directory, directories: true)
            let isSplit = below.contains("images") && below.contains("questions_answers_YN")
            let images = isSplit ? "\(task)/images" : task
            let texts = isSplit ? "\(task)/questions_answers_YN" : task
            let files = try names(in: root.appendingPathComponent(images), directories: false)
            for text in try names(in: root.appendingPathComponent(texts), directories: false) {
                guard text.hasSuffix(".txt") else { continue }
                let stem = String(text.dropLast(".txt".count))
                let own = files.filter { file in
                    let name = file as NSString
                    return name.deletingPathExtension == stem && extensions.contains(name.pathExtension.lowercased())
                }
                let path = root.appendingPathComponent("\(texts)/\(text)")
                guard own.count == 1 else {
                    throw DatasetError(path.path, "must belong to one picture of its name; there are \(own.count)")
                }
                var picture = AnnotatedPicture(
                    id: pictures.count + 1,
                    file: "\(images)/\(own[0])",
                    width: 0,
                    height: 0
                )
                picture.questions = try questions(path, task: task)
                pictures.append(picture)
            }
        }
        guard !pictures.isEmpty else {
            throw DatasetError(
                root.path,
                "holds no questions in MME's layout: a directory for each task, with NAME.txt beside each picture NAME"
            )
        }
        return PictureDataset(pictures: pictures)
    }

    // MARK: - Private

    private static func names(in directory: URL, directories: Bool) throws(DatasetError) -> [String] {
        let found: [URL]
        do {
            found = try FileManager.default.contentsOfDirectory(
                at: directory,
                includingPropertiesForKeys: [.isDirectoryKey],
                options: .skipsHiddenFiles
            )
        } catch {
            throw DatasetError(directory.path, "cannot be read as a directory; is the path right?")
        }
        return found.filter { (try? $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == directories }
            .map(\.lastPathComponent).sorted()
    }

    private static func questions(_ file: URL, task: String) throws(DatasetError) -> [YesNoQuestion] {
        let size = (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
        guard size <= maximumBytes else {
            throw DatasetError(file.path, "has \(size) bytes; a text of questions may have \(maximumBytes)")
        }
        guard let bytes = FileManager.default.contents(atPath: file.path),
            let text = String(data: bytes, encoding: .utf8)
        else {
            throw DatasetError(file.path, "cannot be read as UTF-8")
        }
        var result: [YesNoQuestion] = []
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            guard line.contains(where: { !$0.isWhitespace }) else { continue }
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            let question = parts[0].trimmingCharacters(in: .whitespaces)
            let answer = parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces).lowercased() : ""
            guard !question.isEmpty, ["yes", "no"].contains(answer) else {
                throw DatasetError(file.path, "line \(number + 1) must be a question, a tab, and Yes or No")
            }
            result.append(YesNoQuestion(task: task, text: question, isYes: answer == "yes"))
        }
        guard result.count == questions else {
            throw DatasetError(file.path, "has \(result.count) questions; a picture has \(questions)")
        }
        return result
    }
}
