import API
import ArgumentParser
import Foundation
import Logging
import Models
import Tensors
import WebServer

/// `fovea serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves a model over HTTP, with the viewer at /.",
        discussion: """
            Try it:
              curl -F image=@cat.jpg -F prompt='describe the image' http://localhost:8080/v1/attention
            The API is described at /openapi.json. Ctrl-C lets running requests finish.
            """
    )

    @OptionGroup var modelArguments: ModelArguments

    @OptionGroup var serviceArguments: ServiceArguments

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

    @Option(help: ArgumentHelp("Compressed contexts to keep at most. Default: 64.", valueName: "n"))
    var maxContexts: Int?

    @Option(help: ArgumentHelp("Bytes of all compressed contexts at most. Default: 1073741824.", valueName: "bytes"))
    var contextBytes: Int?

    @Option(help: ArgumentHelp("Seconds that a context lives unasked. Default: 3600.", valueName: "seconds"))
    var contextTTL: Int?

    @Option(
        help: ArgumentHelp(
            "Bytes that answered requests may leave for later ones: keys and values of prompts, embeddings of pictures.",
            discussion: "0 keeps nothing. Default: 16 full contexts, at most a quarter of the memory that is left.",
            valueName: "n"
        )
    )
    var cacheBytes: Int?

    @Option(
        help: ArgumentHelp(
            "Directory of the viewer.",
            discussion: "Default: public/ of the installation.",
            valueName: "dir"
        )
    )
    var `public`: String?

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let logger = Logger(label: "fovea")
        // A closed standard output must not end the server; sockets report it as an error of their own.
        signal(SIGPIPE, SIG_IGN)
        let directory = try modelArguments.directory()
        let options = try modelArguments.options()
        var service = try serviceArguments.configuration()
        service.contexts = try contextLimits()
        service.cacheBytes = try number(cacheBytes, "cache-bytes", in: 0...(1 << 50))
        let holder = ModelHolder(service)
        let catalog = RouteCatalog(holder)
        let server = WebServer(
            configuration: try configuration(),
            routes: catalog.routes,
            staticFiles: try ViewerDirectory.find(Environment.value(`public`, "public")).map(StaticFiles.init),
            logger: logger,
            observer: catalog.record
        )
        let address = try server.start()
        print("listening on \(address)")
        fflush(nil)
        Thread.detachNewThread { load(directory, options: options, into: holder, logger: logger) }
        await TerminationSignal.first()
        logger.info("stopping; running requests have ten seconds")
        await server.shutdown()
    }

    // MARK: - Private

    private func configuration() throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.host = Environment.value(host, "host") ?? configuration.host
        if let number = try Environment.integer(port, "port") {
            guard let port = UInt16(exactly: number) else {
                throw ValidationError("--port is \(number); it must lie in 0…65535")
            }
            configuration.port = port
        }
        configuration.apiKey = Environment.value(apiKey, "api-key")
        configuration.allowedHosts = list(allowedHosts, "allowed-hosts")
        configuration.allowedOrigins = list(allowedOrigins, "allowed-origins")
        if let limit = try number(maxConnections, "max-connections", in: 1...65536) {
            configuration.maximumConnections = limit
        }
        return configuration
    }

    private func contextLimits() throws -> ContextLimits {
        var limits = ContextLimits()
        limits.count = try number(maxContexts, "max-contexts", in: 1...1_000_000) ?? limits.count
        limits.bytes = try number(contextBytes, "context-bytes", in: 1...(1 << 50)) ?? limits.bytes
        if let seconds = try number(contextTTL, "context-ttl", in: 1...31_536_000) {
            limits.timeToLive = .seconds(seconds)
        }
        return limits
    }

    private func number(_ given: Int?, _ option: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let number = try Environment.integer(given, option) else { return nil }
        guard range.contains(number) else {
            throw ValidationError("--\(option) is \(number); it must lie in \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    private func list(_ value: String?, _ name: String) -> [String] {
        (Environment.value(value, name) ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
}

/// Loads the model on a thread of its own; the server answers 503 until then. A model that cannot be loaded ends the
/// process, since there would be nothing to serve.
private func load(_ directory: URL, options: ModelOptions, into holder: ModelHolder, logger: Logger) {
    let start = ContinuousClock.now
    do {
        var options = options
        options.progress = LoadProgressLine.make()
        let model = try VisionLanguageModel.load(directory, options: options)
        let unused = model.description.unusedTensors
        if !unused.isEmpty {
            logger.warning(
                "some tensors are not used by this model",
                metadata: [
                    "tensors.count": "\(unused.count)", "tensors.first": "\(unused.prefix(3).joined(separator: ", "))",
                ]
            )
        }
        if let notice = model.description.notice { logger.notice("\(notice)") }
        logger.info(
            "model loaded",
            metadata: [
                "model.name": "\(model.description.name)", "model.weights": "\(model.description.format.rawValue)",
                "model.parameters": "\(model.description.parameters)", "seconds": "\(ContinuousClock.now - start)",
            ]
        )
        holder.finish(model)
    } catch {
        logger.critical("the model cannot be loaded: \(error)")
        Foundation.exit(EXIT_FAILURE)
    }
}
