import ArgumentParser
import Foundation
import WebServer

/// Where the server listens, who may connect, and what it serves beside the API.
struct ServerArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Address to listen on. Default: 127.0.0.1.", valueName: "address"))
    var host: String?

    @Option(help: ArgumentHelp("Port to listen on; 0 takes any free one. Default: 8080.", valueName: "port"))
    var port: Int?

    @Option(help: ArgumentHelp("Key that clients must send as a bearer token. Default: none.", valueName: "key"))
    var apiKey: String?

    @Option(
        help: ArgumentHelp(
            "Host names, separated by commas, that requests may name besides loopback and --host; * for any.",
            valueName: "names"
        )
    )
    var allowedHosts: String?

    @Option(
        help: ArgumentHelp(
            "Origins, separated by commas, whose pages may call the API; * for any. Default: none.",
            valueName: "origins"
        )
    )
    var allowedOrigins: String?

    @Option(help: ArgumentHelp("Open connections at most. Default: 256.", valueName: "n"))
    var maxConnections: Int?

    @Option(
        help: ArgumentHelp(
            "Directory of the viewer.",
            discussion: "Default: public/ of the installation.",
            valueName: "dir"
        )
    )
    var `public`: String?

    /// The configuration that the options and the environment give.
    func configuration() throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.host = Environment.value(host, "host") ?? configuration.host
        if let port = try Environment.integer(port, "port", in: 0...Int(UInt16.max)) {
            configuration.port = UInt16(port)
        }
        configuration.apiKey = Environment.value(apiKey, "api-key")
        configuration.allowedHosts = list(allowedHosts, "allowed-hosts")
        configuration.allowedOrigins = list(allowedOrigins, "allowed-origins")
        if let limit = try Environment.integer(maxConnections, "max-connections", in: 1...65536) {
            configuration.maximumConnections = limit
        }
        return configuration
    }

    /// Where the viewer lies; `nil` where there is none.
    func viewer() throws -> URL? { try ViewerDirectory.find(Environment.value(`public`, "public")) }

    // MARK: - Private

    private func list(_ value: String?, _ name: String) -> [String] {
        (Environment.value(value, name) ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
