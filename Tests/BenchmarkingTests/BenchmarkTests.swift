import Benchmarking
import Foundation
import JSON
import Models
import Tensors
import Testing

@Suite struct BenchmarkTests {
    private func options(_ shape: BenchmarkShape = .tiny) -> BenchmarkOptions {
        var options = BenchmarkOptions(.shape(shape))
        options.prefill = 24
        options.decode = 8
        options.rows = [1, 3]
        options.repetitions = 1
        options.readBytes = 8 << 20
        options.burstSeconds = 0.002
        options.loading.threads = 2
        return options
    }

    private func number(_ value: JSONValue, _ path: String) -> Double? {
        path.split(separator: ".").reduce(Optional(value)) { $0?[String($1)] }?.number
    }

    @Test(arguments: WeightFormat.allCases)
    func everyFigureOfTheTinyShapeIsThere(format: WeightFormat) async throws {
        var options = options()
        options.loading.format = format
        options.probes = true
        let result = try await Benchmark(options) { _ in }.run()
        for path in [
            "ceilings.f32_gflops", "ceilings.bf16_gflops", "ceilings.int8_gops", "ceilings.read_gbps",
            "prefill.tokens_per_second", "prefill.share_of_peak",
            "decode.tokens_per_second", "decode.share_of_bandwidth",
            "rows.1.tokens_per_second", "rows.1.share_of_peak", "rows.3.tokens_per_second", "rows.3.share_of_peak",
            "vision.seconds", "vision.share_of_peak",
            "probe.plain_seconds", "probe.capture_seconds",
            "sweep.last_token_24_seconds", "sweep.all_36_seconds", "sweep.prefill_seconds",
            "sweep.generative_27_seconds", "sweep.sequential_27_seconds",
            "second_question.cold_seconds", "second_question.first_token_seconds",
            "memory.packed_bytes", "memory.resident_bytes",
        ] {
            let figure = try #require(number(result, path), "\(path)")
            #expect(figure.isFinite && figure > 0, "\(path) is \(figure)")
        }
        #expect(number(result, "probe.overhead") != nil)
        // Without optimization even counting allocates: here it is a figure, and none only in a release build.
        #expect(result["allocations"]?["per_token"] != nil)
        #expect(number(result, "allocations.decoder_per_token") != nil)
        #expect(result["streams"]?["identical"]?.bool == true)
        #expect(result["model"]?["weights"]?.string == format.rawValue)
        #expect(number(result, "probe.positions") == 593)
    }

    @Test func whatWasNotAskedForIsNotMeasured() async throws {
        let result = try await Benchmark(options()) { _ in }.run()
        #expect(result["probe"] == nil && result["sweep"] == nil)
        #expect(result["model"]?["weights"]?.string == "f32")
        #expect(Set((result["rows"]?.object ?? [:]).keys) == ["1", "3"])
    }

    @Test func aPromptBeyondTheContextIsRefused() async throws {
        var options = options()
        options.prefill = 5000
        await #expect(throws: BenchmarkError.self) { try await Benchmark(options) { _ in }.run() }
    }

    @Test(arguments: BenchmarkShape.allCases)
    func everyShapeIsAConfigurationThatCanBeRead(shape: BenchmarkShape) throws {
        let files = try ShapeDirectory(shape)
        let configuration = try LlavaConfiguration(directory: files.url)
        #expect(configuration.imageTokens == 576)
        #expect(configuration.imageTokenID == configuration.text.vocabularySize - 1)
    }
}
