import Dispatch
import Foundation
import HTTPCore
import HTTPTypes
import Logging

/// One client: reads requests, has them answered in order, writes the answers.
///
/// An actor on the server's event loop, so Dispatch sources enter it without suspending. One task walks through the
/// requests; it is cancelled when the client is gone, and the handler running within it with it.
actor Connection {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let context: ConnectionContext
    let peer: String
    let cancellation = CancellationFlag()
    private let onClose: @Sendable (Connection) -> Void

    // Reading and writing are in their own files.
    var socket: Socket?
    var readSource: PausableSource?
    var writeSource: PausableSource?
    var parser: RequestParser
    var state: ConnectionState<ContinuousClock.Instant>
    var outbox = Outbox()
    var reader: CheckedContinuation<Void, Never>?
    var writers: [CheckedContinuation<Void, Never>] = []
    /// A 408 that the reader is to throw.
    var timeout: HTTPError?
    var exchange: Exchange?
    /// Counts exchanges, so that a writer kept beyond its own cannot write into the next one.
    var exchangeNumber = 0
    private var task: Task<Void, Never>?

    init(
        _ socket: Socket,
        peer: String,
        loop: EventLoop,
        context: ConnectionContext,
        onClose: @escaping @Sendable (Connection) -> Void
    ) {
        self.socket = socket
        self.peer = peer
        self.loop = loop
        self.context = context
        self.onClose = onClose
        parser = RequestParser(limits: context.parserLimits)
        state = ConnectionState(timeouts: context.timeouts, now: .now)
    }

    /// Whether the connection is over, for one side or both.
    var isClosed: Bool { socket == nil }

    /// Starts to serve.
    ///
    /// - Parameter refusal: The only answer this connection gets, where the server is full.
    func start(refusal: HTTPError?) {
        openSources()
        task = Task {
            if let refusal {
                await fail(refusal)
            } else {
                await serve()
            }
        }
    }

    /// Acts on what has become due.
    func tick(now: ContinuousClock.Instant) {
        // Reading would tell, but it rests while a handler runs and much is buffered, or once the client half-closed.
        if state.phase == .responding, socket?.isBroken == true { return close() }
        switch state.due(now: now) {
        case .proceed: break
        case .close: close()
        case .drain: beginDrain()
        case .answerTimeout(let message):
            timeout = HTTPError(status: .requestTimeout, code: "request_timeout", message: message)
            wakeReader()
        case .probe:
            state.probed(now: now)
            probe()
        }
    }

    /// Ends the connection once what is running has been answered.
    func shutdown() {
        if state.shutdown() == .close { close() }
    }

    /// Ends the connection now; a running handler is cancelled.
    func close() {
        guard let socket else { return }
        self.socket = nil
        state.closed()
        cancellation.set()
        task?.cancel()
        socket.shutdownBoth()
        readSource?.cancel()
        writeSource?.cancel()
        wakeReader()
        wakeWriters()
        onClose(self)
    }

    // MARK: - Private

    /// The life of a connection: requests one after the other until an error or the end.
    private func serve() async {
        var goesOn = true
        while goesOn, !isClosed {
            do throws(HTTPError) {
                guard let head = try await nextHead() else { return close() }
                goesOn = try await answer(head)
            } catch {
                await fail(error)
                return
            }
        }
    }

    private func answer(_ head: RequestHead) async throws(HTTPError) -> Bool {
        beginExchange(head)
        let plan = context.responder.plan(for: head)
        exchange?.pattern = plan.pattern
        let body = try await receiveBody(of: head, plan)
        state.requestEnded(now: .now)
        if body == nil { exchange?.encoder.refuseKeepAlive() }
        let request = request(head, plan, body: body ?? Data())
        await respond(to: request, with: plan.handler)
        return endExchange()
    }

    private func request(_ head: RequestHead, _ plan: Responder.Plan, body: Data) -> ServerRequest {
        ServerRequest(
            method: head.method == .head ? .get : head.method,
            path: head.path,
            headers: head.headers,
            body: body,
            pathParameters: plan.pathParameters,
            requestID: exchange?.requestID ?? "",
            remoteAddress: peer,
            cancellation: cancellation
        )
    }

    /// Runs the handler and sends what comes of it, be it an error.
    private func respond(to request: ServerRequest, with handler: @escaping Route.Handler) async {
        var request = request
        do {
            if let query = exchange?.head?.query { request.query = try PercentEncoding.query(query) }
            let response = try await handler(request)
            try await send(response)
        } catch {
            guard !isClosed else { return }
            guard exchange?.status == nil else {
                // The head is out: only a cut connection can still tell the client that the body is not whole.
                context.logger.debug("response cut short", metadata: metadata(error))
                return close()
            }
            try? await send(.error(httpError(for: error)))
        }
    }

    private func httpError(for error: any Error) -> HTTPError {
        if let error = error as? HTTPError { return error }
        context.logger.error("handler failed", metadata: metadata(error))
        return .serverError()
    }

    /// Answers an error after which the requests' framing is lost, and ends the connection.
    private func fail(_ error: HTTPError) async {
        guard !isClosed else { return }
        if exchange == nil { beginExchange(nil) }
        exchange?.encoder.refuseKeepAlive()
        state.requestEnded(now: .now)
        try? await send(.error(error))
        _ = endExchange()
    }

    private func beginExchange(_ head: RequestHead?) {
        exchangeNumber += 1
        exchange = Exchange(head: head, keepAlive: !state.isShuttingDown, began: .now)
    }

    /// Closes the books on an exchange and says whether the connection goes on.
    private func endExchange() -> Bool {
        guard let finished = exchange else { return false }
        exchange = nil
        report(finished)
        guard !isClosed else { return false }
        let hasInput = parser.bufferedByteCount > 0
        switch state.responseEnded(keepAlive: finished.encoder.keepAlive, hasInput: hasInput, now: .now) {
        case .proceed: return true
        case .drain: beginDrain()
        case .close, .answerTimeout, .probe: close()
        }
        return false
    }

    private func report(_ exchange: Exchange) {
        let status = exchange.status?.code ?? 0
        let duration = exchange.began.duration(to: .now)
        context.logger.debug(
            "request answered",
            metadata: [
                "http.id": "\(exchange.requestID)", "http.method": "\(exchange.head?.method.rawValue ?? "-")",
                "http.path": "\(exchange.head?.path ?? "-")", "http.status": "\(status)",
                "http.duration": "\(duration)", "net.peer": "\(peer)",
            ]
        )
        context.observer?(
            ExchangeSummary(
                method: exchange.head?.method.rawValue,
                route: exchange.pattern,
                status: status,
                duration: duration
            )
        )
    }

    private func metadata(_ error: any Error) -> Logger.Metadata {
        ["http.id": "\(exchange?.requestID ?? "-")", "error": "\(error)"]
    }
}

/// What all connections of a server share.
struct ConnectionContext: Sendable {
    let responder: Responder
    let parserLimits: ParserLimits
    let timeouts: ConnectionTimeouts
    let logger: Logger
    let observer: (@Sendable (ExchangeSummary) -> Void)?
}
