import ModelFixtures
import Models
import Tensors
import Testing

@Suite struct DecoderSiteTests {
    @Test func everySiteIsFoundByItsName() {
        let sites = DecoderSite.all(layers: 3)
        #expect(sites.count == 2 + 3 * BlockSite.allCases.count)
        for site in sites { #expect(DecoderSite(name: site.name) == site) }
        #expect(DecoderSite(name: "text.blocks.11.resid.post") == .block(11, .residualPost))
    }

    @Test(
        arguments: [
            "", "text", "text.blocks", "text.blocks.1", "text.blocks.x.resid.post", "text.blocks.-1.resid.post",
            "text.blocks.01.resid.post", "text.blocks.1.resid", "text.blocks.1.resid.post.x", "vision.embed",
        ]
    )
    func otherNamesAreNone(name: String) {
        #expect(DecoderSite(name: name) == nil)
    }

    /// Reading every place changes no bit, and each place has the width that is said of it.
    @Test(arguments: ModelFixture.small)
    func lookingChangesNothing(fixture: ModelFixture) throws {
        let decoder = try fixture.model().decoder
        let ids = [1, 5, 9, 4, 7]
        func run(_ hooks: (any DecoderHooks)?) -> Matrix {
            let states = Matrix(rows: ids.count, columns: decoder.configuration.hiddenSize)
            decoder.embed(ids, into: states)
            let sequence = DecoderSequence(cache: decoder.makeCache(), hooks: hooks)
            decoder.forward(states, chunks: [DecoderChunk(rows: 0..<ids.count, sequence: sequence)])
            return decoder.logits(states)
        }
        let recorder = SiteRecorder(except: [])
        #expect(run(recorder).values == run(nil).values)
        #expect(Set(recorder.values.keys) == Set(BlockSite.allCases).subtracting(SiteRecorder.elsewhere))
        for (site, values) in recorder.values {
            let width = try #require(site.shape(decoder.configuration)).reduce(1, *)
            #expect(values.count == width * ids.count * decoder.configuration.layers, "\(site)")
        }
    }

    /// Both terms that a block adds are what lies between the states around them.
    @Test func theResidualStreamIsTheSumOfWhatIsAdded() throws {
        let decoder = try ModelFixture.gqaPad.model().decoder
        let recorder = SiteRecorder(except: [])
        let states = Matrix(rows: 3, columns: decoder.configuration.hiddenSize)
        decoder.embed([1, 2, 3], into: states)
        let before = states.values
        let sequence = DecoderSequence(cache: decoder.makeCache(), hooks: recorder)
        decoder.forward(states, chunks: [DecoderChunk(rows: 0..<3, sequence: sequence)])
        let count = before.count
        let attention = try #require(recorder.values[.attentionOutput]).prefix(count)
        let middle = try #require(recorder.values[.residualMid]).prefix(count)
        #expect(zip(before, attention).map { $0 + $1 } == Array(middle))
    }

    @Test func whatNobodyAsksForIsNotShown() throws {
        let decoder = try ModelFixture.mhaCrop.model().decoder
        let recorder = SiteRecorder(except: Set(BlockSite.allCases).subtracting([.context]))
        let states = Matrix(rows: 2, columns: decoder.configuration.hiddenSize)
        decoder.embed([1, 2], into: states)
        let sequence = DecoderSequence(cache: decoder.makeCache(), hooks: recorder)
        decoder.forward(states, chunks: [DecoderChunk(rows: 0..<2, sequence: sequence)])
        #expect(Set(recorder.values.keys) == [.context])
    }
}

private final class SiteRecorder: DecoderHooks {
    /// Sites that have hooks of their own.
    static let elsewhere: Set<BlockSite> = [.residualPre, .residualPost, .pattern]

    private(set) var values: [BlockSite: [Float]] = [:]
    private let unwanted: Set<BlockSite>

    init(except unwanted: Set<BlockSite>) {
        self.unwanted = unwanted
    }

    func wants(_ site: BlockSite, layer: Int) -> Bool { !unwanted.contains(site) }

    func visit(_ values: Matrix, at site: BlockSite, layer: Int, positions: Range<Int>) {
        self.values[site, default: []] += values.values
    }
}
