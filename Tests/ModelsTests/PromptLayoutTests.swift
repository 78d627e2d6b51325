import Imaging
import Models
import Testing

@Suite struct PromptLayoutTests {
    private let layout = PromptLayout(
        tokens: [(0, PositionKind.bos), (3, .template), (4, .question), (7, .question), (8, .prefix)].map {
            PromptLayout.Token(position: $0.0, id: $0.0, text: "", kind: $0.1)
        },
        images: [placement(1..<3, patches: 1), placement(5..<7, patches: 2)]
    )

    @Test(arguments: [
        ("bos", [0]), ("image", [1, 2, 5, 6]), ("image:0", [1, 2]), ("image:1", [5, 6]), ("question", [4, 7]),
        ("template", [3]), ("prefix", [8]), ("text", [0, 3, 4, 7, 8]), ("post_image", [3, 4, 7, 8]), ("last", [8]),
        ("system", []), ("history", []), ("generated", []),
    ])
    func spansAreWhatTheTokensAre(name: String, positions: [Int]) {
        #expect(layout.positions(named: name) == positions)
    }

    @Test func rangesJoinNeighbours() {
        #expect(layout.ranges(named: "image") == [1..<3, 5..<7])
        #expect(layout.ranges(named: "post_image") == [3..<5, 7..<9])
        #expect(layout.ranges(named: "generated").isEmpty)
        #expect(layout.ranges(named: "no such span").isEmpty)
    }

    @Test func kindsReachBehindThePrompt() {
        #expect(layout.length == 9)
        #expect(layout.kind(at: 8) == .prefix)
        #expect(layout.kind(at: 9) == .generated && layout.kind(at: 900) == .generated)
    }

    @Test func tokensThatStandForNoPatchHaveAnEmptyBox() {
        #expect(layout.images[0].patchPositions == 2..<3)
        #expect(layout.images[0].tokenBoxes.count == 2)
        #expect(layout.images[0].tokenBoxes[0].isEmpty && !layout.images[0].tokenBoxes[1].isEmpty)
        #expect(layout.images[1].patchPositions == 5..<7)
    }

    @Test func anEmptyPromptHasNoLastPosition() {
        let empty = PromptLayout(tokens: [], images: [])
        #expect(empty.length == 0 && empty.positions(named: "last") == [])
        #expect(empty.positions(named: "post_image") == [])
    }

    private static func placement(_ positions: Range<Int>, patches: Int) -> ImagePlacement {
        let axis = AxisMap(scale: 1, offset: 0)
        let tile = Tile(name: "image", rows: 1, cols: patches, patchSize: 4, horizontal: axis, vertical: axis)
        let geometry = ImageGeometry(
            originalWidth: 4 * patches,
            originalHeight: 4,
            preprocess: .crop,
            modelHeight: 4,
            modelWidth: 4 * patches,
            tiles: [tile]
        )
        return ImagePlacement(imageID: "img", geometry: geometry, positions: positions)
    }
}
