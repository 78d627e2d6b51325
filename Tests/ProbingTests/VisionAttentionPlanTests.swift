import JSON
import Models
import Probing
import Testing

/// Rows of the vision tower on a prompt with pictures of six and four patches.
@Suite struct VisionAttentionPlanTests {
    private let shape = VisionShape(layers: 3, heads: 2, tokens: 7, hidden: 8)

    @Test func patchesAreTheDefaultAndKnowTheirPlaces() throws {
        let plan = try plan([:], pictures: 1)
        #expect(plan.rows.map(\.token) == Array(1...6))
        #expect(plan.rows.map(\.patch) == Array(0..<6))
        #expect(plan.rows.map(\.position) == Array(6..<12))
        #expect(plan.layers == [0, 1, 2] && plan.separateHeads == nil && plan.pictures == [0])
        #expect(plan.numberCount == 6 * 3 * 6)
    }

    @Test func theClassTokenHasNoPatchAndNoPositionUnlessTheDecoderSeesIt() throws {
        let plan = try plan(["rows": "class", "heads": "all", "columns": "all"], pictures: 1)
        #expect(plan.rows.map(\.token) == [0])
        #expect(plan.rows[0].patch == nil && plan.rows[0].position == nil)
        #expect(plan.numberCount == 3 * 2 * 7)
        let picture = SampleLayout.layout.images[0]
        let whole = ImagePlacement(imageID: "a", geometry: picture.geometry, positions: 0..<7)
        let layout = PromptLayout(tokens: [], images: [whole])
        let request = try VisionAttentionRequest(ProbeField(["rows": "image"], path: "attention"))
        let kept = try VisionAttentionPlan(request, layout: layout, shape: shape)
        #expect(kept.rows.map(\.token) == Array(0...6) && kept.rows.map(\.position) == Array(0...6))
    }

    @Test func aSpanMeansTheTokensThatItsPositionsAreMadeFrom() throws {
        let plan = try plan(["rows": [7, 11]], pictures: 1)
        #expect(plan.rows.map(\.token) == [2, 6])
        #expect(try self.plan(["rows": ["patches": [[1, 0]]]], pictures: 1).rows.map(\.patch) == [3])
    }

    @Test func aTowerWithoutClassTokenHasNoSuchRow() throws {
        let bare = VisionShape(layers: 3, heads: 2, tokens: 6, hidden: 8)
        let error = #expect(throws: ProbeError.self) { try plan(["rows": "class"], pictures: 1, shape: bare) }
        #expect(error?.kind == .unsupported && error?.parameter == "attention.rows")
        #expect(try plan([:], pictures: 1, shape: bare).rows.map(\.token) == Array(0..<6))
    }

    @Test(
        arguments: [
            (["rows": [3]], "attention.rows", "position 3"), (["layers": [3]], "attention.layers", "layer 3"),
            (["heads": [2]], "attention.heads", "head 2"), (["rollout": true], "attention.rollout", "vision"),
            (["exclude_sinks": true], "attention.exclude_sinks", "vision"),
            (["rows": ["union": ["image", "generated"]]], "attention.rows", "no image token"),
        ] as [(JSONValue, String, String)]
    )
    func whatTheTowerCannotDoIsUnsupportedAtItsPath(form: JSONValue, parameter: String, words: String) throws {
        let error = #expect(throws: ProbeError.self) { try plan(form, pictures: 1) }
        #expect(error?.kind == .unsupported)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test func aPromptWithoutPicturesIsRefused() throws {
        let error = #expect(throws: ProbeError.self) { try plan([:], pictures: 0) }
        #expect(error?.parameter == "attention.tower")
    }

    @Test func moreNumbersThanTheLimitAreRefused() throws {
        let deep = VisionShape(layers: 1 << 20, heads: 2, tokens: 7, hidden: 8)
        let error = #expect(throws: ProbeError.self) { try plan(["heads": "all"], pictures: 1, shape: deep) }
        #expect(error?.message.contains("\(AttentionCapture.limit)") == true)
    }

    private func plan(_ form: JSONValue, pictures: Int, shape: VisionShape? = nil) throws -> VisionAttentionPlan {
        let images = Array(SampleLayout.layout.images.prefix(pictures))
        let tokens = (0..<6).map { PromptLayout.Token(position: $0, id: 1, text: "a", kind: .template) }
        return try VisionAttentionPlan(
            VisionAttentionRequest(ProbeField(form, path: "attention")),
            layout: PromptLayout(tokens: tokens, images: images),
            shape: shape ?? self.shape
        )
    }
}
