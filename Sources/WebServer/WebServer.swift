import Dispatch
public import Logging
import Synchronization

/// An HTTP/1.1 server over BSD sockets and Dispatch sources.
public final class WebServer: Sendable {
    private let configuration: ServerConfiguration
    private let context: ConnectionContext
    private let listener = Mutex<Listener?>(nil)

    /// A server that is not yet listening.
    ///
    /// - Parameters:
    ///   - routes: The catalog; the first matching entry answers.
    ///   - staticFiles: Files served where no route matches.
    ///   - observer: Told of every response, for metrics; called on the server's queue, so it must be quick.
    public init(
        configuration: ServerConfiguration,
        routes: [Route],
        staticFiles: StaticFiles? = nil,
        logger: Logger = Logger(label: "fovea.server"),
        observer: (@Sendable (ExchangeSummary) -> Void)? = nil
    ) {
        self.configuration = configuration
        context = ConnectionContext(
            responder: Responder(configuration: configuration, routes: routes, staticFiles: staticFiles),
            parserLimits: configuration.parserLimits,
            timeouts: configuration.timeouts,
            logger: logger,
            observer: observer
        )
    }

    /// Cuts everything: a server nobody holds cannot be shut down any more.
    deinit {
        guard let listener = listener.withLock({ $0 }) else { return }
        // Sources are cancelled where they were made.
        listener.loop.queue.async { @Sendable in listener.assumeIsolated { $0.closeAll() } }
    }

    /// Binds and listens; call it once.
    ///
    /// - Returns: The address, with the port the system chose where 0 was asked for.
    /// - Throws: `SocketError` naming the address and the system's reason.
    public func start() throws(SocketError) -> BoundAddress {
        let socket = try Socket.listening(host: configuration.host, port: configuration.port)
        let address = try socket.localAddress()
        let loop = EventLoop()
        let listener = Listener(
            socket,
            loop: loop,
            maximumConnections: configuration.maximumConnections,
            context: context
        )
        self.listener.withLock { $0 = listener }
        loop.queue.sync { listener.assumeIsolated { $0.start() } }
        return address
    }

    /// Stops accepting, lets running requests finish until the deadline, then cuts what is left.
    public func shutdown(deadline: Duration = .seconds(10)) async {
        let listener = self.listener.withLock { value in
            defer { value = nil }
            return value
        }
        guard let listener else { return }
        await withTaskGroup { group in
            group.addTask { await listener.drain() }
            group.addTask {
                // Cancelled, and so at once over, when the connections were quicker.
                try? await Task.sleep(for: deadline)
                await listener.closeAll()
            }
            await group.next()
            group.cancelAll()
        }
    }
}

/// What metrics want to know of one exchange.
public struct ExchangeSummary: Sendable {
    /// The method as sent, or `nil` where the request could not be read.
    public let method: String?
    /// The pattern of the route, or `nil` where none matched.
    public let route: String?
    /// The status code, or 0 if the client was gone before it was sent.
    public let status: Int
    /// From the end of the head to the end of the response.
    public let duration: Duration
}
