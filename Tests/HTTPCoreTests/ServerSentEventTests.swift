import HTTPCore
import Testing

@Suite struct ServerSentEventTests {
    private func text(_ event: ServerSentEvent) -> String { String(decoding: event.encoded, as: UTF8.self) }

    @Test(arguments: [
        ("{\"a\":1}", "data: {\"a\":1}\n\n"), ("[DONE]", "data: [DONE]\n\n"), ("", "data: \n\n"),
        ("a\nb", "data: a\ndata: b\n\n"), ("a\r\nb\rc", "data: a\ndata: b\ndata: c\n\n"),
        ("a\n", "data: a\ndata: \n\n"),
        (" lead", "data:  lead\n\n"),
    ])
    func encodesData(data: String, encoded: String) {
        #expect(text(ServerSentEvent(data)) == encoded)
    }

    @Test func encodesNameAndIDOnOneLineEach() {
        let event = ServerSentEvent("x", event: "a\ndata: injected", id: "7\r\n")
        #expect(text(event) == "event: a\nid: 7\ndata: x\n\n")
    }

    @Test func encodesComments() {
        #expect(String(decoding: ServerSentEvent.comment("ping\n\n"), as: UTF8.self) == ": ping\n\n")
    }
}
