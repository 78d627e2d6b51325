import Foundation
import Generation
import Models
import Tensors
import WebServer

/// `GET /metrics`: what the server did and is doing, for Prometheus.
enum MetricsRoute {
    static func answer(_ holder: ModelHolder, requests: RequestMetrics) -> ServerResponse {
        var text = MetricsText()
        requests.write(to: &text)
        if let resident = try? holder.ready() {
            text.gauge(
                "fovea_model_info",
                "The resident model.",
                1,
                labels: [("model", resident.name), ("weights", resident.model.description.format.rawValue)]
            )
            write(resident.engine.statistics, to: &text)
            write(resident.engine.statistics.prefixes, of: "prefix", "keys and values of earlier prompts", to: &text)
            write(resident.preparer.pictureStatistics, of: "image", "embeddings of pictures", to: &text)
            text.gauge("fovea_requests_in_progress", "Model requests under way.", resident.gate.current)
        }
        if let bytes = residentBytes() {
            text.gauge("fovea_resident_memory_bytes", "Memory of the process that is in RAM.", bytes)
        }
        text.gauge("fovea_build_info", "The program.", 1, labels: [("version", BuildInformation.version)])
        return .bytes(Data(text.text.utf8), contentType: "text/plain; version=0.0.4; charset=utf-8")
    }

    // MARK: - Private

    private static func write(_ engine: EngineStatistics, to text: inout MetricsText) {
        text.counter(
            "fovea_prompt_tokens_total",
            "Prompt positions, computed or taken from a cache.",
            [([("source", "computed")], engine.promptTokens), ([("source", "cached")], engine.cachedTokens)]
        )
        text.counter("fovea_generated_tokens_total", "Tokens of answers.", engine.generatedTokens)
        text.counter("fovea_steps_total", "Passes through the decoder.", engine.steps)
        text.counter("fovea_step_rows_total", "Rows of all passes; over steps, the mean batch.", engine.rows)
        text.counter(
            "fovea_runs_total",
            "Sequences that ended, by how.",
            [([("end", "finished")], engine.finishedRuns), ([("end", "cancelled")], engine.cancelledRuns)]
        )
        text.gauge("fovea_queue_depth", "Sequences that wait to start.", engine.waitingRuns)
        text.gauge("fovea_running_sequences", "Sequences under way.", engine.activeRuns)
        text.gauge("fovea_kv_bytes", "Bytes that keys and values under way may come to.", engine.keyValueBytes)
        text.gauge("fovea_kv_budget_bytes", "Bytes that keys and values may take.", engine.keyValueBudget)
    }

    private static func write(_ cache: CacheStatistics, of name: String, _ what: String, to text: inout MetricsText) {
        let prefix = "fovea_\(name)_cache"
        text.counter("\(prefix)_hits_total", "Look-ups among \(what) that found some.", cache.hits)
        text.counter("\(prefix)_misses_total", "Look-ups among \(what) that found none.", cache.misses)
        text.counter("\(prefix)_evictions_total", "Entries that went to make room.", cache.evictions)
        text.gauge("\(prefix)_entries", "Entries held.", cache.entries)
        text.gauge("\(prefix)_bytes", "Bytes held.", cache.bytes)
        text.gauge("\(prefix)_limit_bytes", "Bytes that may be held; 0 is off.", cache.limit)
    }

    /// The resident set of this process, from `/proc/self/status`.
    private static func residentBytes() -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }
}
