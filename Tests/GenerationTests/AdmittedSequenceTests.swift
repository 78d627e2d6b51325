import ModelFixtures
import Models
import Probing
import Testing

@testable import Generation

@Suite struct AdmittedSequenceTests {
    private let model: VisionLanguageModel
    private let prompt: PreparedPrompt

    init() async throws {
        model = try ModelFixture.mhaCrop.model()
        prompt = try await model.prompt((0..<40).map { "word \($0)" }.joined(separator: " "))
    }

    @Test func itWaitsForAPromptThatIsBeingComputed() {
        let run = run(prompt)
        var sequence = sequence()
        let answers = [[run], [run], []].map { sequence.waits(for: $0) }
        #expect(answers == [true, true, false], "a run that is called off is under way no more")
        #expect(sequence.start.count == 0)
    }

    @Test func itDoesNotWaitForARunThatStandsStill() {
        let run = run(prompt)
        var sequence = sequence()
        let answers = [0, 1, 0].map { waited in
            run.waited = waited
            return sequence.waits(for: [run])
        }
        #expect(answers == [true, false, true])
    }

    @Test func ofSeveralItWaitsForTheOneWithMostInCommon() async throws {
        let text = (0..<30).map { "word \($0)" }.joined(separator: " ")
        let (other, same) = (run(try await model.prompt(text)), run(prompt))
        var sequence = sequence()
        // Had it chosen the other, it would go on waiting for that, which does not stand still.
        let answers = [0, 1].map { waited in
            same.waited = waited
            return [sequence.waits(for: [other, same]), sequence.waits(for: [same])]
        }
        #expect(answers == [[true, true], [true, false]])
    }

    @Test func itDoesNotWaitForWhatItMayNotTake() async throws {
        let page = KeyValueCache.pageLength
        var compressed = GenerationRequest(prompt: prompt, maxTokens: 1)
        compressed.sharedPrefix = model.decoder.makeCache()
        let unlike = run(try await model.prompt("Another"))
        let cases = [
            (sequence(limit: page), run(prompt), true), (sequence(limit: page - 1), run(prompt), false),
            (AdmittedSequence(ticket(), bytes: 0, start: model.decoder.makeCache(), wanted: nil), run(prompt), false),
            (sequence(), unlike, false), (sequence(), run(compressed), false),
        ]
        for (index, (item, run, expected)) in cases.enumerated() {
            var sequence = item
            let waits = sequence.waits(for: [run])
            #expect(waits == expected, "case \(index)")
        }
    }

    private func sequence(limit: Int? = nil) -> AdmittedSequence {
        let wanted = (PromptKey(prompt), limit ?? prompt.ids.count - 1)
        return AdmittedSequence(ticket(), bytes: 0, start: model.decoder.makeCache(), wanted: wanted)
    }

    private func ticket() -> Ticket {
        Ticket(request: GenerationRequest(prompt: prompt, maxTokens: 1), mailbox: mailbox())
    }

    private func run(_ prompt: PreparedPrompt) -> GenerationRun {
        run(GenerationRequest(prompt: prompt, maxTokens: 1))
    }

    private func run(_ request: GenerationRequest) -> GenerationRun {
        GenerationRun(request, model: model, start: model.decoder.makeCache(), mailbox: mailbox())
    }

    private func mailbox() -> EventMailbox { EventMailbox(wantsProgress: false, waker: TaskWaker()) }
}
