import HTTPCore
import HTTPTypes
import Testing

@Suite struct PercentEncodingTests {
    @Test(
        arguments: [
            ("/", []), ("/a", ["a"]), ("/a/", ["a", ""]), ("//a", ["", "a"]), ("/a%2Fb/c", ["a/b", "c"]),
            ("/%E2%82%AC", ["€"]), ("/a+b", ["a+b"]), ("/%2e%2E", [".."]),
        ] as [(String, [String])]
    )
    func decodesPaths(path: String, segments: [String]) throws {
        #expect(try PercentEncoding.pathSegments(path) == segments)
    }

    @Test(
        arguments: [
            ("", [:]), ("a=1&b=2", ["a": "1", "b": "2"]), ("a&b=", ["a": "", "b": ""]), ("a=1&a=2", ["a": "2"]),
            ("a=b=c", ["a": "b=c"]), ("a+b=c%2Bd+e", ["a b": "c+d e"]), ("&&a=1&", ["a": "1"]),
        ] as [(String, [String: String])]
    )
    func decodesQueries(query: String, pairs: [String: String]) throws {
        #expect(try PercentEncoding.query(query) == pairs)
    }

    @Test(arguments: ["%", "%2", "%zz", "%00", "%ff", "%c3", "a%", "%+1"])
    func refusesWhatIsNotText(text: String) {
        let path = #expect(throws: HTTPError.self) { try PercentEncoding.pathSegments("/" + text) }
        #expect(path?.status == .badRequest)
        #expect(throws: HTTPError.self) { try PercentEncoding.query("a=" + text) }
    }
}
