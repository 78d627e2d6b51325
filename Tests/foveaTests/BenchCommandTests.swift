import ArgumentParser
import Foundation
import Testing

@testable import fovea

@Suite struct BenchCommandTests {
    @Test(arguments: [
        (["--shape", "llama-2b"], "choose one of tiny, llama-1b, clip-l-336, llava-1.5-7b"),
        (["--shape", "tiny", "--model", "x"], "exclude each other"),
        (["--prefill", "0"], "--prefill is 0; it must lie in 1…1048576"),
        (["--decode", "70000"], "--decode is 70000"),
        (["--repetitions", "0"], "--repetitions is 0"),
        (["--rows", "1,,8"], "--rows has \"\""),
        (["--rows", "1,x"], "--rows has \"x\""),
        (["--rows", "513"], "in 1…512"),
        (["--nonsense"], "--nonsense"),
    ])
    func wrongOptionsAreNamed(arguments: [String], expected: String) throws {
        let error = #expect(throws: (any Error).self) { try FoveaCommand.parseAsRoot(["bench"] + arguments) }
        let message = FoveaCommand.message(for: try #require(error))
        #expect(message.contains(expected), "\(message)")
    }

    @Test func aFormatThatIsNoneIsNamed() async throws {
        let command = try #require(
            try FoveaCommand.parseAsRoot(["bench", "--shape", "tiny", "--weights", "int7"]) as? BenchCommand
        )
        let error = await #expect(throws: ValidationError.self) { try await command.run() }
        #expect(error?.message.contains("--weights is \"int7\"; choose one of auto, f32, bf16") == true)
    }

    @Test(arguments: [
        (["--out", "x", "--shape", "tiny", "--model", "y"], "exclude each other"),
        (["--out", "x", "--shape", "huge"], "choose one of tiny"),
    ])
    func convertTakesOneKindOfModel(arguments: [String], expected: String) throws {
        let error = #expect(throws: (any Error).self) { try FoveaCommand.parseAsRoot(["convert"] + arguments) }
        let message = FoveaCommand.message(for: try #require(error))
        #expect(message.contains(expected), "\(message)")
    }

    @Test func convertNeedsAPlaceToWriteTo() throws {
        let error = #expect(throws: (any Error).self) { try FoveaCommand.parseAsRoot(["convert"]) }
        #expect(FoveaCommand.message(for: try #require(error)).contains("--out"))
    }
}
