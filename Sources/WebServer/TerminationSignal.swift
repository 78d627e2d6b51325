import Dispatch
import Foundation

/// Waits for the signals that ask a process to end.
public enum TerminationSignal {
    /// Returns at the first SIGINT or SIGTERM; a second one then ends the process as usual.
    public static func first() async {
        let queue = DispatchQueue(label: "fovea.signals")
        let signals = [SIGINT, SIGTERM]
        for number in signals { _ = signal(number, SIG_IGN) }
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = signals.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
        for source in sources {
            source.setEventHandler { @Sendable in continuation.yield() }
            source.resume()
        }
        for await _ in stream { break }
        for source in sources { source.cancel() }
        for number in signals { _ = signal(number, SIG_DFL) }
    }
}
