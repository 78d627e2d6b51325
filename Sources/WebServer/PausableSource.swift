import Dispatch

/// A Dispatch source that can be paused and cancelled in any order; confined to the event loop.
///
/// Dispatch counts suspensions and never delivers a cancellation to a suspended source; this keeps the count at one.
final class PausableSource {
    private let source: any DispatchSourceProtocol
    private var isPaused = true
    private var isCancelled = false

    /// A paused source.
    ///
    /// - Parameter socket: Kept open until the source is done with its descriptor.
    init(_ source: any DispatchSourceProtocol, keeping socket: Socket?, handler: @escaping @Sendable () -> Void) {
        self.source = source
        source.setEventHandler(handler: handler)
        source.setCancelHandler { @Sendable in withExtendedLifetime(socket) {} }
    }

    func resume() {
        guard isPaused, !isCancelled else { return }
        isPaused = false
        source.resume()
    }

    func pause() {
        guard !isPaused, !isCancelled else { return }
        isPaused = true
        source.suspend()
    }

    func cancel() {
        guard !isCancelled else { return }
        source.cancel()
        resume()
        isCancelled = true
    }

    deinit { cancel() }
}
