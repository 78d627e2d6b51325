import Foundation
import HTTPCore
import Testing

@Suite struct HTTPErrorTests {
    @Test func alwaysHasAllFourMembers() throws {
        let bare = HTTPError.badRequest("Say \"why\"\n")
        let json = try JSONSerialization.jsonObject(with: bare.body) as? [String: [String: Any]]
        let error = try #require(json?["error"])
        #expect(error["message"] as? String == "Say \"why\"\n")
        #expect(error["type"] as? String == "invalid_request_error")
        #expect(error["param"] is NSNull)
        #expect(error["code"] is NSNull)
    }

    @Test func namesTheParameterTheLimitAndTheCode() throws {
        let json = String(decoding: HTTPError.payloadTooLarge("The body", limit: 12).body, as: UTF8.self)
        #expect(json.contains("\"code\":\"payload_too_large\""))
        #expect(json.contains("12 bytes"))
        let field = String(decoding: HTTPError.badRequest("No", parameter: "max_tokens").body, as: UTF8.self)
        #expect(field.contains("\"param\":\"max_tokens\""))
    }
}
