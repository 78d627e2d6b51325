import Generation
import JSON
import Probing
import Testing

@testable import API

@Suite("Who hears of a run while it goes on")
struct ProgressTests {
    @Test("a run reports on the way for a stream alone", arguments: [true, false])
    func reports(streams: Bool) async throws {
        let resident = try TestAPI.shared.get().holder.ready()
        let body = JSONValue.question(image: nil, members: ["stream": .bool(streams)])
        let chat = try ChatBody(ProbeField(body, path: ""), residentModel: resident.name)
        let place = try resident.gate.enter()
        let api = APIRequest(resident: resident, chat: chat, images: [], form: .json, place: place)
        let run = try await api.generation(try await api.prepare())
        var heard = 0
        let result = try await api.result(of: run) { _ in heard += 1 }
        #expect(!result.tokens.isEmpty)
        #expect((heard > 0) == streams)
    }
}
