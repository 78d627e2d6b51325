import ArgumentParser
import Foundation

/// Finds the viewer's files: where it was told, beside the program, or in the source tree that built it.
enum ViewerDirectory {
    /// The directory that holds `index.html`; `nil` when there is none and none was asked for.
    static func find(_ given: String?) throws -> URL? {
        if let given {
            let url = URL(fileURLWithPath: given, isDirectory: true)
            guard isViewer(url) else { throw ValidationError("--public is \(given), which holds no index.html") }
            return url
        }
        let program = (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
            .resolvingSymlinksInPath()
        var folder = program.deletingLastPathComponent()
        while folder.path != "/" {
            for candidate in ["public", "share/fovea/public"] {
                let url = folder.appendingPathComponent(candidate, isDirectory: true)
                if isViewer(url) { return url }
            }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    private static func isViewer(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.appendingPathComponent("index.html").path)
    }
}
