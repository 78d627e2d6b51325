import Foundation
import JSON
import Testing
import WebServer

@testable import API

@Suite("Metrics")
struct MetricsTests {
    @Test("counters move with what is asked, in Prometheus' text format")
    func counters() async throws {
        let api = try TestAPI()
        let before = try await samples(api)
        #expect(before["fovea_prefix_cache_hits_total"] == 0)
        let question = JSONValue.question("describe the image")
        let first = try await api.success("/v1/chat/completions", question)
        let second = try await api.success("/v1/chat/completions", question)
        _ = try await api.get("/nothing/here")
        #expect(try first.at("choices") == second.at("choices"))
        let prompt = try #require(try first.at("usage.prompt_tokens").integer)
        #expect(try first.at("usage.prompt_tokens_details.cached_tokens") == 0)
        #expect(try second.at("usage.prompt_tokens_details.cached_tokens").integer == prompt - 1)
        // An answer is counted when its last byte is out, which may be after the client has read it.
        var after = try await samples(api)
        func isSettled() -> Bool {
            after["fovea_requests_total{route=\"other\",status=\"404\"}"] == 1
                && after["fovea_requests_total{route=\"/v1/chat/completions\",status=\"200\"}"] == 2
                && after["fovea_running_sequences"] == 0
        }
        for _ in 0..<100 where !isSettled() {
            try await Task.sleep(for: .milliseconds(20))
            after = try await samples(api)
        }
        #expect(after["fovea_prompt_tokens_total{source=\"computed\"}"] == Double(prompt + 1))
        #expect(after["fovea_prompt_tokens_total{source=\"cached\"}"] == Double(prompt - 1))
        #expect(after["fovea_generated_tokens_total"] ?? 0 > 0)
        #expect(after["fovea_prefix_cache_hits_total"] == 1 && after["fovea_prefix_cache_misses_total"] == 1)
        #expect(after["fovea_image_cache_hits_total"] == 1 && after["fovea_image_cache_misses_total"] == 1)
        #expect(after["fovea_requests_total{route=\"/v1/chat/completions\",status=\"200\"}"] == 2)
        #expect(after["fovea_requests_total{route=\"other\",status=\"404\"}"] == 1)
        #expect(after["fovea_request_duration_seconds_count{route=\"/v1/chat/completions\"}"] == 2)
        #expect(after["fovea_resident_memory_bytes"] ?? 0 > 0)
        #expect(after["fovea_running_sequences"] == 0 && after["fovea_queue_depth"] == 0)
        await api.server.shutdown(deadline: .zero)
    }

    @Test("they are there before the model is")
    func loading() async throws {
        let api = try TestAPI(isLoaded: false)
        let samples = try await samples(api)
        #expect(samples["fovea_build_info{version=\"\(BuildInformation.version)\"}"] == 1)
        #expect(samples["fovea_running_sequences"] == nil)
        await api.server.shutdown(deadline: .zero)
    }

    @Test("label values are escaped and buckets add up")
    func text() {
        var text = MetricsText()
        text.gauge("a", "An A.", 2, labels: [("name", "x\"\\\n")])
        var histogram = DurationHistogram()
        for seconds in [0.001, 0.2, 1000] { histogram.add(seconds) }
        text.histogram("b", "A B.", [([], histogram)])
        let lines = text.text.split(separator: "\n")
        #expect(lines[2] == "a{name=\"x\\\"\\\\\\n\"} 2")
        #expect(lines.contains("b_bucket{le=\"0.1\"} 1") && lines.contains("b_bucket{le=\"0.25\"} 2"))
        #expect(lines.contains("b_bucket{le=\"300.0\"} 2") && lines.contains("b_bucket{le=\"+Inf\"} 3"))
        #expect(lines.contains("b_count 3"))
    }

    /// Every sample by its name and labels; a line that is neither a sample nor a comment fails.
    private func samples(_ api: TestAPI) async throws -> [String: Double] {
        let answer = try await api.get("/metrics")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        var samples: [String: Double] = [:]
        for line in String(decoding: answer.body, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "))
            let value: Double = try #require(Double(line[line.index(after: space)...]))
            samples[String(line[..<space])] = value
        }
        return samples
    }
}
