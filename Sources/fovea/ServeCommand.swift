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

    @OptionGroup var serverArguments: ServerArguments

    @OptionGroup var serviceArguments: ServiceArguments

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let logger = Logger(label: "fovea")
        // A closed standard output must not end the server; sockets report it as an error of their own.
        signal(SIGPIPE, SIG_IGN)
        let directory = try modelArguments.directory()
        let options = try modelArguments.options()
        let holder = ModelHolder(try serviceArguments.configuration())
        let catalog = RouteCatalog(holder)
        let server = WebServer(
            configuration: try serverArguments.configuration(),
            routes: catalog.routes,
            staticFiles: try serverArguments.viewer().map(StaticFiles.init),
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
