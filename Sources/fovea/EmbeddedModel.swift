import ArgumentParser
import Foundation

/// The model that ships with the program.
enum EmbeddedModel {
    /// Its directory, among the program's resources.
    static func directory() throws -> URL {
        let url = Bundle.module.resourceURL?.appendingPathComponent("EmbeddedModel", isDirectory: true)
        guard let url, FileManager.default.fileExists(atPath: url.appendingPathComponent("config.json").path) else {
            throw ValidationError("The embedded model is not beside the program; name a model directory with --model")
        }
        return url
    }
}
