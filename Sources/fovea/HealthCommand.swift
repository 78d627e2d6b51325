import ArgumentParser
import Foundation
import WebServer

/// `fovea health`, for container checks.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Asks a running server whether its model is loaded; ends with status 1 if not."
    )

    @Argument(help: "The server's address.")
    var url = "http://127.0.0.1:8080"

    func run() async throws {
        guard let target = URL(string: url), target.scheme == "http", let host = target.host() else {
            throw ValidationError("\(url) is no address of a server; write it as http://127.0.0.1:8080")
        }
        let status = try HealthProbe.status(host: host, port: UInt16(exactly: target.port ?? 80) ?? 80)
        guard status == 200 else {
            print("\(url) answers \(status)")
            throw ExitCode.failure
        }
        print("\(url) is ready")
    }
}
