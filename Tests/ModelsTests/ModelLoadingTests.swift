import ModelFixtures
import Models
import Tensors
import Testing
import Tokenization

@Suite struct ModelLoadingTests {
    @Test(arguments: ModelFixture.allCases)
    func everyFixtureLoadsAndDescribesItself(fixture: ModelFixture) throws {
        let model = try fixture.model()
        #expect(model.description.family == "llava")
        #expect(model.description.name == (fixture == .embedded ? "fovea-scenes" : fixture.rawValue))
        #expect(model.description.parameters > 10_000)
        #expect(model.description.format == .f32)
        #expect(!model.endTokens.isEmpty)
        #expect(model.decoder.byteCount > 0 && model.vision.byteCount > 0)
    }

    @Test func optionsOverrideTheCheckpoint() throws {
        let model = try ModelFixture.mhaCrop.model(template: .llavaV1, context: 99)
        #expect(model.template == .llavaV1)
        #expect(model.contextLength == 99)
        let trained = try ModelFixture.mhaCrop.model(context: 1 << 30)
        #expect(trained.contextLength == 2048)
    }
}
