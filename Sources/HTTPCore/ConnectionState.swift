/// How long each part of a connection's life may take.
public struct ConnectionTimeouts: Sendable, Equatable {
    /// Between requests, and before the first byte of the first one.
    public var idle = Duration.seconds(75)
    /// From the first byte of a request to the end of its head.
    public var header = Duration.seconds(20)
    /// Without a byte of the body, and for the body as a whole on top of what `minimumBodyRate` allows.
    public var body = Duration.seconds(30)
    /// Bytes per second a body must keep up with, so that a trickle does not hold its connection for hours.
    public var minimumBodyRate = 1024
    /// Without the client taking a byte of the response.
    public var write = Duration.seconds(60)
    /// Between probes of a client that has closed its side while its answer is being made.
    public var probe = Duration.seconds(3)
    /// For the client to close after the server has half-closed.
    public var drain = Duration.seconds(5)

    /// The default timeouts.
    public init() {}
}

/// A connection's life as a pure machine: the caller passes in what happened and when, and asks what is due.
///
/// Generic over time so that tests need neither a network nor a clock.
public struct ConnectionState<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
    /// What the connection waits for.
    public enum Phase: Sendable, Equatable {
        /// The first byte of a request.
        case idle(since: Instant)
        /// The rest of a head.
        case head(since: Instant)
        /// The rest of a body.
        case body(since: Instant, progress: Instant, bytes: Int)
        /// The handler, or the client reading the response.
        case responding
        /// The client's close, after everything was said.
        case draining(since: Instant, bytes: Int)
        /// Nothing.
        case closed
    }

    /// What a timeout, or the end of a response, calls for.
    public enum Action: Sendable, Equatable {
        /// Nothing yet.
        case proceed
        /// Answer 408 with this message, then drain.
        case answerTimeout(String)
        /// Half-close and read until the client closes.
        case drain
        /// Close now.
        case close
        /// Send something harmless, to find out whether a client that closed its side is still there.
        case probe
    }

    /// What the connection waits for at present.
    public private(set) var phase: Phase
    /// Whether the server is going down: no request is awaited any more.
    public private(set) var isShuttingDown = false
    /// Whether the client has said it sends nothing more.
    public var inputEnded: Bool { inputEnd != nil }
    private var inputEnd: Instant?
    private var lastProbe: Instant?
    private var responseHasBegun = false
    private let timeouts: ConnectionTimeouts
    private let drainLimit: Int
    private var writeStalled: Instant?

    /// Whether everything was said and only the client's close is awaited.
    public var isDraining: Bool {
        if case .draining = phase { true } else { false }
    }

    /// A connection accepted at `now`.
    ///
    /// - Parameter drainLimit: Bytes thrown away after a half-close before the connection is closed regardless.
    public init(timeouts: ConnectionTimeouts, drainLimit: Int = 32 << 20, now: Instant) {
        self.timeouts = timeouts
        self.drainLimit = drainLimit
        phase = .idle(since: now)
    }

    /// Bytes came in; the result is `.close` once a drain has taken too many.
    public mutating func received(_ count: Int, now: Instant) -> Action {
        switch phase {
        case .idle: phase = .head(since: now)
        case .body(let since, _, let bytes): phase = .body(since: since, progress: now, bytes: bytes + count)
        case .draining(let since, let bytes):
            phase = .draining(since: since, bytes: bytes + count)
            if bytes + count > drainLimit { return .close }
        case .head, .responding, .closed: break
        }
        return .proceed
    }

    /// A head is complete and its body is awaited.
    public mutating func bodyBegan(now: Instant) {
        phase = .body(since: now, progress: now, bytes: 0)
    }

    /// A request is complete; the server's turn.
    public mutating func requestEnded(now: Instant) {
        phase = .responding
        responseHasBegun = false
        lastProbe = now
    }

    /// The head of the response is out, so nothing may come between.
    public mutating func responseBegan() {
        responseHasBegun = true
    }

    /// A probe was sent.
    public mutating func probed(now: Instant) {
        lastProbe = now
    }

    /// The client sends nothing more; the result is `.close` if nothing is owed to it.
    public mutating func inputClosed(now: Instant) -> Action {
        inputEnd = now
        return switch phase {
        case .idle, .draining, .closed: .close
        case .head, .body, .responding: .proceed
        }
    }

    /// The socket takes no more bytes for now.
    public mutating func writeBlocked(now: Instant) {
        writeStalled = writeStalled ?? now
    }

    /// The socket took bytes.
    public mutating func writeProgressed() {
        writeStalled = nil
    }

    /// A response is out: go on with the next request, or end the connection in an orderly way.
    ///
    /// - Parameter hasInput: Whether bytes of a next request are already here.
    public mutating func responseEnded(keepAlive: Bool, hasInput: Bool, now: Instant) -> Action {
        if keepAlive, !isShuttingDown, !inputEnded || hasInput {
            phase = hasInput ? .head(since: now) : .idle(since: now)
            return .proceed
        }
        // With the client's side closed there is nothing to drain, and no reset can eat the answer.
        if inputEnded { return .close }
        phase = .draining(since: now, bytes: 0)
        return .drain
    }

    /// The server goes down; an idle connection is closed, a busy one ends with its response.
    public mutating func shutdown() -> Action {
        isShuttingDown = true
        return if case .idle = phase { .close } else { .proceed }
    }

    /// The connection is closed.
    public mutating func closed() {
        phase = .closed
    }

    /// What is due at `now`.
    public func due(now: Instant) -> Action {
        if let writeStalled, writeStalled.duration(to: now) >= timeouts.write { return .close }
        switch phase {
        case .idle(let since):
            return since.duration(to: now) >= timeouts.idle ? .close : .proceed
        case .head(let since):
            guard since.duration(to: now) >= timeouts.header else { return .proceed }
            return .answerTimeout("The request head was not complete within \(timeouts.header)")
        case .body(let since, let progress, let bytes):
            let allowance = timeouts.body + .seconds(bytes / max(1, timeouts.minimumBodyRate))
            if progress.duration(to: now) >= timeouts.body {
                return .answerTimeout("No byte of the request body came within \(timeouts.body)")
            }
            if since.duration(to: now) >= allowance {
                let rate = timeouts.minimumBodyRate
                return .answerTimeout("The request body came more slowly than \(rate) bytes per second")
            }
            return .proceed
        case .draining(let since, _):
            return since.duration(to: now) >= timeouts.drain ? .close : .proceed
        case .responding:
            guard let inputEnd, let lastProbe, !responseHasBegun else { return .proceed }
            return max(inputEnd, lastProbe).duration(to: now) >= timeouts.probe ? .probe : .proceed
        case .closed:
            return .proceed
        }
    }
}
