import Dispatch
import HTTPCore
import HTTPTypes
import Logging

/// Accepts connections, keeps them, and wakes them for their timeouts.
actor Listener {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private static let tickInterval = DispatchTimeInterval.milliseconds(100)
    /// Connections beyond the cap that are told so; further ones are just closed.
    private static let refusals = 64

    private let context: ConnectionContext
    private let maximumConnections: Int
    private var socket: Socket?
    private var acceptSource: PausableSource?
    private var timer: PausableSource?
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var emptied: [CheckedContinuation<Void, Never>] = []

    init(_ socket: Socket, loop: EventLoop, maximumConnections: Int, context: ConnectionContext) {
        self.socket = socket
        self.loop = loop
        self.maximumConnections = maximumConnections
        self.context = context
    }

    /// Starts to accept.
    func start() {
        guard let socket else { return }
        let accepts = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor, queue: loop.queue)
        acceptSource = PausableSource(accepts, keeping: socket) { @Sendable [weak self] in
            self?.assumeIsolated { $0.acceptWaiting() }
        }
        acceptSource?.resume()
        let ticks = DispatchSource.makeTimerSource(queue: loop.queue)
        ticks.schedule(deadline: .now(), repeating: Self.tickInterval, leeway: .milliseconds(20))
        timer = PausableSource(ticks, keeping: nil) { @Sendable [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
    }

    /// Stops accepting and ends every connection with its current response; returns once none is left.
    func drain() async {
        beginShutdown()
        guard !connections.isEmpty else { return }
        await withCheckedContinuation { emptied.append($0) }
    }

    /// Cuts what is left.
    func closeAll() {
        beginShutdown()
        for connection in connections.values { connection.assumeIsolated { $0.close() } }
    }

    // MARK: - Private

    private func beginShutdown() {
        acceptSource?.cancel()
        // At once, where the descriptor itself closes only after the source is done with it.
        socket?.shutdownBoth()
        socket = nil
        for connection in connections.values { connection.assumeIsolated { $0.shutdown() } }
    }

    private func acceptWaiting() {
        // A bounded turn: the source fires again while more are waiting.
        for _ in 0..<64 {
            guard let socket else { return }
            switch socket.accept() {
            case .connection(let client, let peer): add(client, peer: peer)
            case .none: return
            case .exhausted(let error):
                context.logger.debug("accepting paused", metadata: ["error": "\(error)"])
                acceptSource?.pause()
                loop.queue.asyncAfter(deadline: .now() + .milliseconds(200)) { @Sendable [weak self] in
                    self?.assumeIsolated { $0.acceptSource?.resume() }
                }
                return
            }
        }
    }

    private func add(_ client: Socket, peer: String) {
        guard connections.count < maximumConnections + Self.refusals else { return }
        let refusal = connections.count >= maximumConnections ? refusal : nil
        let connection = Connection(client, peer: peer, loop: loop, context: context) { [weak self] connection in
            self?.assumeIsolated { $0.remove(connection) }
        }
        connections[ObjectIdentifier(connection)] = connection
        timer?.resume()
        connection.assumeIsolated { $0.start(refusal: refusal) }
    }

    private func remove(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        guard connections.isEmpty else { return }
        // An idle server does not wake up.
        if socket == nil { timer?.cancel() } else { timer?.pause() }
        for waiter in emptied { waiter.resume() }
        emptied = []
    }

    private func tick() {
        let now = ContinuousClock.now
        for connection in connections.values { connection.assumeIsolated { $0.tick(now: now) } }
    }

    private var refusal: HTTPError {
        HTTPError(
            status: .serviceUnavailable,
            type: "server_error",
            code: "too_many_connections",
            message: "The server has its limit of \(maximumConnections) connections open; try again later",
            headers: [.retryAfter: "1"]
        )
    }
}
