import JSON
import Models
import Probing
import Testing

@Suite struct AttentionRequestTests {
    private let shape = ProbeShape(layers: 8, heads: 4, hiddenSize: 32)

    @Test func theDefaultRowsAreThoseThatProducedTheAnswer() throws {
        let capture = try capture([:])
        #expect(capture.layers == Array(0..<8))
        #expect(capture.separateHeads == nil)
        #expect(capture.wants(layer: 0, position: 21) && capture.wants(layer: 7, position: 30))
        #expect(!capture.wants(layer: 0, position: 20))
    }

    @Test func everyMemberIsRead() throws {
        let capture = try capture([
            "rows": "question", "layers": [1, 4], "heads": [3, 0], "columns": "all", "normalize": "image",
        ])
        #expect(capture.layers == [1, 4])
        #expect(capture.separateHeads == [0, 3])
        #expect(capture.wants(layer: 4, position: 18) && !capture.wants(layer: 3, position: 18))
        #expect(!capture.wants(layer: 4, position: 21) && !capture.wants(layer: 4, position: 22))
    }

    @Test(
        arguments: [
            ([1], "attention", "object"), (["columns": "text"], "attention.columns", "image, all"),
            (["columns": 1], "attention.columns", "string"), (["normalize": "rows"], "attention.normalize", "none"),
            (["heads": "median"], "attention.heads", "array"), (["rows": 4], "attention.rows", "span"),
            (["rollout": 1], "attention.rollout", "true or false"), (["layers": "x"], "attention.layers", "early"),
            (["exclude_sinks": 20], "attention.exclude_sinks", "object"),
            (["exclude_sinks": ["tau": 0]], "attention.exclude_sinks.tau", "positive"),
            (["exclude_sinks": ["tau": "a"]], "attention.exclude_sinks.tau", "number"),
            (["exclude_sinks": ["dimensions": 3]], "attention.exclude_sinks.dimensions", "array"),
        ] as [(JSONValue, String, String)]
    )
    func whatIsNoRequestIsInvalidAtItsPath(form: JSONValue, parameter: String, words: String) throws {
        let error = #expect(throws: ProbeError.self) { try capture(form) }
        #expect(error?.kind == .invalid)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test(
        arguments: [
            (["rows": [40]], "attention.rows", "40"), (["layers": [8]], "attention.layers", "layer 8"),
            (["heads": [4]], "attention.heads", "head 4"),
            (["rollout": true, "heads": "max"], "attention.heads", "mean"),
            (["rollout": true, "heads": [1]], "attention.heads", "mean"),
            (["exclude_sinks": ["dimensions": []]], "attention.exclude_sinks.dimensions", "no dimension"),
            (["exclude_sinks": ["dimensions": [32]]], "attention.exclude_sinks.dimensions", "32"),
        ] as [(JSONValue, String, String)]
    )
    func whatAModelCannotDoIsUnsupportedAtItsPath(form: JSONValue, parameter: String, words: String) throws {
        let error = #expect(throws: ProbeError.self) { try capture(form) }
        #expect(error?.kind == .unsupported)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    /// n + 1 rows of 4 heads, 8 layers and 22 + n columns.
    @Test func moreNumbersThanTheLimitAreRefused() throws {
        let form: JSONValue = ["heads": "all", "columns": "all"]
        _ = try capture(form, maxTokens: 1_000)
        let error = #expect(throws: ProbeError.self) { try capture(form, maxTokens: 2_000) }
        #expect(error?.kind == .unsupported)
        #expect(error?.message.contains("\(AttentionCapture.limit)") == true, "\(String(describing: error))")
    }

    @Test func rolloutNeedsEveryRowUpToItsLastLayer() throws {
        let capture = try capture(["rollout": true, "layers": [2, 5], "rows": "last"], maxTokens: 3)
        #expect(capture.firstPosition == 0 && capture.firstLayer == 0)
        #expect(capture.wants(layer: 5, position: 21) && !capture.wants(layer: 4, position: 21))
        #expect(capture.rolloutCount == 5 * 25 * 26 / 2)
        #expect(capture.numberCount == 2 * 10)
    }

    @Test func rolloutOfTooManyPositionsIsRefused() throws {
        _ = try capture(["rollout": true, "layers": [1]], maxTokens: 20_000)
        let error = #expect(throws: ProbeError.self) {
            try capture(["rollout": true, "layers": [7]], maxTokens: 20_000)
        }
        #expect(error?.kind == .unsupported && error?.parameter == "attention.rollout")
    }

    @Test func sinksAreReadFromTheFirstTokenAndThePictures() throws {
        let capture = try capture(["exclude_sinks": true, "layers": [3]])
        #expect(capture.firstPosition == 0 && capture.firstLayer == 3)
        #expect(capture.sinks?.threshold == 20)
        #expect(capture.sinks?.warning?.contains("32") == true, "no normed state of 32 values reaches 20")
        let named = try self.capture(["exclude_sinks": ["tau": 2, "dimensions": [7, 3, 7]]])
        #expect(named.firstPosition == 6)
        #expect(named.sinks?.warning == nil)
        #expect(try self.capture(["exclude_sinks": false]).sinks == nil)
    }

    @Test func sinkDimensionsNeedATokenThatShowsThem() throws {
        let picture = SampleLayout.layout.images[0]
        let layout = PromptLayout(
            tokens: (0..<6).map { PromptLayout.Token(position: $0, id: 1, text: "a", kind: .template) },
            images: [picture]
        )
        func capture(_ form: JSONValue) throws -> AttentionCapture {
            try AttentionCapture(
                AttentionRequest(ProbeField(form, path: "attention")),
                layout: layout,
                shape: shape,
                maxTokens: 1
            )
        }
        let error = #expect(throws: ProbeError.self) { try capture(["exclude_sinks": true]) }
        #expect(error?.kind == .unsupported && error?.parameter == "attention.exclude_sinks")
        _ = try capture(["exclude_sinks": ["dimensions": [1]]])
    }

    @Test func imageColumnsNeedAPicture() throws {
        let token = PromptLayout.Token(position: 0, id: 1, text: "a", kind: .question)
        let layout = PromptLayout(tokens: [token], images: [])
        let error = #expect(throws: ProbeError.self) {
            try AttentionCapture(AttentionRequest(), layout: layout, shape: shape, maxTokens: 1)
        }
        #expect(error?.parameter == "attention.columns")
    }

    private func capture(_ form: JSONValue, maxTokens: Int = 8) throws -> AttentionCapture {
        try AttentionCapture(
            AttentionRequest(ProbeField(form, path: "attention")),
            layout: SampleLayout.layout,
            shape: shape,
            maxTokens: maxTokens
        )
    }
}
