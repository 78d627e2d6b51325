import Foundation
import Generation
import Imaging
import ModelFixtures
import Models
import Probing
import Testing
import Tokenization

/// Mistakes that others made, each of which would be silent.
@Suite struct KnownTrapTests {
    @Test(arguments: ModelFixture.small)
    func aKnockoutActsInPrefillAndInEveryDecodeStep(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        var request = oracle.request(maxTokens: 4, knockouts: [try oracle.preset(.imageToTextAndGenerated)])
        request.capture = try oracle.everything()
        let result = try await oracle.run(request)
        let decoded = result.attention.values.filter { $0.position >= oracle.prompt.layout.length }
        #expect(decoded.count == result.tokens.count - 1 || result.finishReason == .stop)
        #expect(!decoded.isEmpty)
        let firstImage = try #require(oracle.image.first)
        for row in result.attention.values where row.position > (oracle.image.last ?? 0) {
            for layer in row.layers {
                #expect(layer.fractions[.image] == 0, "row \(row.position)")
                #expect(layer.maps.allSatisfy { $0[firstImage] == 0 })
            }
        }
    }

    @Test(arguments: ModelFixture.small)
    func layerZeroIsNotSkipped(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let knockout = try oracle.preset(.imageToText, layers: .list([0]))
        #expect(knockout.layers == [0])
        #expect(oracle.forward([knockout]).logits.last != oracle.forward().logits.last)
        var request = oracle.request(maxTokens: 1, knockouts: [knockout])
        request.capture = try oracle.everything()
        let row = try #require(try await oracle.run(request).attention[oracle.prompt.layout.length - 1])
        #expect(row.layers.count == oracle.model.probeShape.layers)
        #expect(row.layers[0].fractions[.image] == 0)
        #expect(try #require(row.layers[1].fractions[.image]) > 0)
    }

    /// `gqaPad` has 4 query heads on 2 key-value heads: a head index of 3 exists, and 2 is not 1's twin.
    @Test func headsAreQueryHeadsUnderGroupedQueries() async throws {
        let oracle = try await OracleCase(.gqaPad)
        #expect(oracle.model.probeShape.heads == 4)
        for head in 0..<4 {
            let knockout = try oracle.resolved(
                .knockout(from: .named("image"), to: .named("last"), layers: .all, heads: .list([head]), .preSoftmax)
            )
            var request = oracle.request(maxTokens: 1, knockouts: [knockout])
            request.capture = try oracle.everything()
            let row = try #require(try await oracle.run(request).attention[oracle.prompt.layout.length - 1])
            for layer in row.layers {
                let empty = layer.maps.indices.filter { head in oracle.image.allSatisfy { layer.maps[head][$0] == 0 } }
                #expect(empty == [head])
            }
        }
    }

    @Test(arguments: ModelFixture.small, KnockoutMode.allCases)
    func aRowWithoutAnySourceGivesNumbers(fixture: ModelFixture, mode: KnockoutMode) async throws {
        let oracle = try await OracleCase(fixture)
        let length = oracle.prompt.layout.length
        let everyone = PositionSet(length: length, positions: 0..<length, generated: true)
        let shape = oracle.model.probeShape
        let knockout = EdgeEdit(
            layers: Array(0..<shape.layers),
            receivers: everyone,
            sources: everyone,
            heads: Array(0..<shape.heads),
            mode: mode
        )
        let record = oracle.forward([knockout], answer: [3])
        #expect(record.logits.joined().allSatisfy { $0.isFinite })
        #expect(record.residuals.joined().allSatisfy { $0.isFinite })
        // Nothing mixes positions any more: equal ids at different positions give equal logits.
        let ids = oracle.prompt.ids + [3]
        let repeated = ids.indices.filter { i in
            !oracle.image.contains(i) && ids[..<i].contains(ids[i])
                && !oracle.image.contains(ids.firstIndex(of: ids[i]) ?? 0)
        }
        #expect(!repeated.isEmpty)
        for position in repeated {
            let twin = try #require(ids.firstIndex(of: ids[position]))
            #expect(record.logits[position] == record.logits[twin])
        }
    }

    @Test(arguments: ModelFixture.small)
    func anEdgeToItselfIsBlockedLikeAnyOther(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture)
        let knockout = try oracle.resolved(
            .knockout(from: .named("last"), to: .named("last"), layers: .all, heads: .all, .preSoftmax)
        )
        var request = oracle.request(maxTokens: 1, knockouts: [knockout])
        request.capture = try oracle.everything()
        let last = oracle.prompt.layout.length - 1
        let row = try #require(try await oracle.run(request).attention[last])
        for layer in row.layers { #expect(layer.maps.allSatisfy { $0[last] == 0 }) }
    }

    /// One picture is wide, one is tall; a swap of width and height would show in the boxes.
    @Test(arguments: ModelFixture.small, ["field.jpg", "tower.jpg"])
    func widthAndHeightAreNotSwapped(fixture: ModelFixture, picture: String) async throws {
        let oracle = try await OracleCase(fixture, pictures: [picture])
        let geometry = oracle.prompt.layout.images[0].geometry
        #expect((geometry.originalWidth > geometry.originalHeight) == (picture == "field.jpg"))
        let grid = geometry.tiles[0]
        let boxes = geometry.patchBoxes
        #expect(boxes.count == grid.rows * grid.cols)
        // Row-major: the next token lies to the right, the one a row later below.
        let middle = grid.rows / 2 * grid.cols + grid.cols / 2
        let (here, right, below) = (boxes[middle], boxes[middle + 1], boxes[middle + grid.cols])
        #expect(right.x0 > here.x0 && right.y0 == here.y0)
        #expect(below.y0 > here.y0 && below.x0 == here.x0)
        let rows = try SpanSelector.rows([-1], image: 0).resolved(in: oracle.prompt.layout, parameter: "rows")
        let lowest = boxes.map(\.y1).max()
        let placement = oracle.prompt.layout.images[0]
        for position in rows.promptPositions {
            #expect(boxes[position - placement.patchPositions.lowerBound].y1 == lowest)
        }
        #expect(rows.promptPositions.count == grid.cols)
    }

    @Test(arguments: ModelFixture.small)
    func equalWordsStaySeparatePositions(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture, "car car car")
        let question = oracle.prompt.layout.tokens.filter { $0.kind == .question }
        #expect(Set(question.map(\.text)).count < question.count)
        #expect(Set(question.map(\.position)).count == question.count)
        var request = oracle.request(maxTokens: 1)
        var attention = AttentionRequest()
        attention.rows = .named("question")
        request.capture = try AttentionCapture(
            attention,
            layout: oracle.prompt.layout,
            shape: oracle.model.probeShape,
            maxTokens: 1
        )
        #expect(Set(try await oracle.run(request).attention.keys) == Set(question.map(\.position)))
    }

    @Test(arguments: ModelFixture.small, [ChatTemplate.bare, .llavaV1])
    func spansComeFromTheTemplate(fixture: ModelFixture, template: ChatTemplate) async throws {
        let model = try fixture.model(template: template)
        let prompt = try await model.prompt("Is it red?")
        let layout = prompt.layout
        func text(_ name: String) -> String {
            let positions = Set(layout.positions(named: name) ?? [])
            return model.tokenizer.decode(
                layout.tokens.filter { positions.contains($0.position) }.map(\.id),
                skipSpecialTokens: false
            )
        }
        #expect(text("question").trimmingCharacters(in: .whitespaces) == "Is it red?")
        #expect((layout.positions(named: "system") ?? []).isEmpty == (template == .bare))
        #expect(layout.positions(named: "last") == [layout.length - 1])
        let image = try #require(layout.images.first?.positions)
        #expect(layout.positions(named: "image") == Array(image))
        #expect(prompt.ids[image].allSatisfy { $0 == model.imageTokenID })
        let names = ["bos", "system", "template", "history", "question", "image", "prefix"]
        let covered = names.flatMap { layout.positions(named: $0) ?? [] }.sorted()
        #expect(covered == Array(0..<layout.length), "every position is of one kind")
        let readers = try #require(layout.positions(named: "post_image"))
        #expect(readers == Array(image.upperBound..<layout.length))
    }

    /// A row of attention over 600 positions for each layer and head, kept for every position, is what nobody can pay.
    @Test func onlyTheAttentionThatWasAskedForIsKept() async throws {
        let oracle = try await OracleCase(.grid24)
        let layers = oracle.model.probeShape.layers
        var request = oracle.request(maxTokens: 5)
        let capture = try AttentionCapture(
            AttentionRequest(),
            layout: oracle.prompt.layout,
            shape: oracle.model.probeShape,
            maxTokens: 5
        )
        request.capture = capture
        let result = try await oracle.run(request)
        let rows = result.attention.values
        let first = oracle.prompt.layout.length - 1
        #expect(Set(rows.map(\.position)) == Set(first..<first + result.tokens.count))
        let kept = rows.reduce(0) { sum, row in row.layers.reduce(sum) { $0 + $1.maps.reduce(0) { $0 + $1.count } } }
        #expect(kept == result.tokens.count * layers * oracle.image.count)
        #expect(capture.numberCount >= kept && capture.numberCount <= 6 * layers * oracle.image.count)
    }

    @Test func noPictureMeansNoPixelsButAnAnswer() async throws {
        let oracle = try await OracleCase(.gqaPad, "Hello there.", pictures: [])
        let result = try await oracle.run(oracle.request())
        #expect(result.next.logProbabilities.allSatisfy { $0.isFinite })
    }

    @Test(arguments: ModelFixture.small)
    func eachOfTwoPicturesCanBeCutAlone(fixture: ModelFixture) async throws {
        let oracle = try await OracleCase(fixture, "Compare.", pictures: ["field.jpg", "tower.jpg"])
        let swapped = try await oracle.model.prompt("Compare.", pictures: ["field.jpg", "street.png"])
        let knockout = try oracle.resolved(
            .knockout(from: .named("image:1"), to: .named("post_image"), layers: .all, heads: .all, .preSoftmax)
        )
        let first = try await oracle.run(oracle.request(maxTokens: 0, knockouts: [knockout]))
        let second = try await oracle.run(oracle.request(swapped, maxTokens: 0, knockouts: [knockout]))
        #expect(first.next.logProbabilities == second.next.logProbabilities)
        let baseline = try await oracle.run(oracle.request(maxTokens: 0))
        let other = try await oracle.run(oracle.request(swapped, maxTokens: 0))
        #expect(baseline.next.logProbabilities != other.next.logProbabilities)
    }
}
