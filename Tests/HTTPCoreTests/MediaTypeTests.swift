import HTTPCore
import Testing

@Suite struct MediaTypeTests {
    @Test(
        arguments: [
            ("application/json", "application/json", [:]),
            ("Application/JSON ; Charset=UTF-8", "application/json", ["charset": "UTF-8"]),
            ("multipart/form-data; boundary=\"a b;c\"", "multipart/form-data", ["boundary": "a b;c"]),
            ("text/plain;;a=1; a=2;", "text/plain", ["a": "1"]),
            ("a/b; c=\"d\\\"e\\\\f\"", "a/b", ["c": "d\"e\\f"]),
        ] as [(String, String, [String: String])]
    )
    func reads(text: String, essence: String, parameters: [String: String]) {
        let type = MediaType(text)
        #expect(type?.essence == essence)
        #expect(type?.parameters == parameters)
    }

    @Test(arguments: [
        "", "json", "/", "a/", "/b", "a/b/c", "a b/c", "a/b; c", "a/b; =d", "a/b; c=\"d", "a/b; c=\"d\" e",
    ])
    func refuses(text: String) {
        #expect(MediaType(text) == nil)
    }

    @Test(
        arguments: [
            (nil, "application/json", 1), ("", "image/png", 1), ("image/png", "image/png", 1),
            ("image/png", "application/json", 0), ("image/*;q=0.5, image/png", "image/png", 1),
            ("image/*;q=0.5, image/png", "image/webp", 0.5), ("*/*;q=0.1", "a/b", 0.1), ("*/*, a/b;q=0", "a/b", 0),
            ("a/b;q=7", "a/b", 1), ("a/b;q=x", "a/b", 1), ("garbage", "a/b", 1),
        ] as [(String?, String, Double)]
    )
    func weighsTypes(accept: String?, type: String, quality: Double) {
        #expect(AcceptedTypes(accept).quality(of: type) == quality)
    }

    @Test func choosesTheMostWantedOffer() {
        let offers = ["application/json", "application/x-npz"]
        #expect(AcceptedTypes("*/*").preferred(among: offers) == "application/json")
        #expect(AcceptedTypes("application/x-npz").preferred(among: offers) == "application/x-npz")
        #expect(
            AcceptedTypes("application/json;q=0.2, application/x-npz").preferred(among: offers) == "application/x-npz"
        )
        #expect(AcceptedTypes("image/png").preferred(among: offers) == nil)
    }
}
