import Generation
import Synchronization
import WebServer

/// Counts answers by route and status. What no route matched counts together, so that strangers cannot make up labels.
final class RequestMetrics: Sendable {
    private struct Key: Hashable {
        let route: String
        let status: Int
    }

    private struct State {
        var counts: [Key: Int] = [:]
        var durations: [String: DurationHistogram] = [:]
    }

    private let state = Mutex(State())

    func record(_ exchange: ExchangeSummary) {
        let route = exchange.route ?? "other"
        state.withLock { state in
            state.counts[Key(route: route, status: exchange.status), default: 0] += 1
            state.durations[route, default: DurationHistogram()].add(exchange.duration.seconds)
        }
    }

    func write(to text: inout MetricsText) {
        let (counts, durations) = state.withLock { ($0.counts, $0.durations) }
        text.counter(
            "fovea_requests_total",
            "Answers by route and status; status 0 is a client that was gone before its answer.",
            counts.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }.map {
                ([("route", $0.key.route), ("status", "\($0.key.status)")], $0.value)
            }
        )
        text.histogram(
            "fovea_request_duration_seconds",
            "From the end of a request's head to the end of its answer.",
            durations.sorted { $0.key < $1.key }.map { ([("route", $0.key)], $0.value) }
        )
    }
}
