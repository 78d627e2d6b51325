import Experiments
import Foundation
import HTTPCore
import HTTPTypes
import JSON
import Logging
import Testing
import WebServer

@testable import API

@Suite("Judge and localization over HTTP")
struct JudgeAndLocalizeTests {
    /// A scene that the embedded model describes: a large red circle in the middle.
    private static let scene: JSONValue = .string(Pictures.example("scene-01.png"))

    private func localize(_ members: [String: JSONValue]) async throws -> HTTPClient.Answer {
        var all: [String: JSONValue] = ["max_tokens": 24]
        all.merge(members) { _, new in new }
        return try await TestAPI.shared.get().post(
            "/v1/localize",
            .question("Describe this image.", image: Self.scene, members: all)
        )
    }

    @Test("the judge lists, matches and counts objects")
    func lexical() async throws {
        let body: JSONValue = ["reference": "A small red circle and a cat.", "candidate": "A red circle on a carpet."]
        let answer = try await TestAPI.shared.get().success("/v1/judge", body)
        #expect(try answer.at("reference_objects") == ["small red circle", "cat"])
        #expect(try answer.at("candidate_objects") == ["red circle", "carpet"])
        #expect(try answer.at("matches") == [[0, 0]])
        #expect(try answer.at("tp") == 1)
        #expect(try answer.at("fn") == 1)
        #expect(try answer.at("fp") == 1)
        #expect(try answer.at("f1").number == 0.5)
    }

    @Test("the external judge is off until the server's owner names it")
    func externalIsOff() async throws {
        let api = try TestAPI.shared.get()
        let body: JSONValue = ["reference": "a", "candidate": "b", "judge": "external"]
        let answer = try await api.post("/v1/judge", body)
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.message").string?.contains("--judge-url") == true)
        let study = try await api.post("/v1/knockout", .question(members: ["knockouts": [], "judge": "external"]))
        #expect(study.status == 422)
        #expect(try await api.post("/v1/judge", ["reference": "a"]).status == 400)
        #expect(try await api.post("/v1/judge", ["reference": "a", "candidate": "b", "judge": "me"]).status == 400)
    }

    /// An API that stands in for the judge's: it answers every chat with `content`, if the key is right.
    private func judgeServer(_ content: String) throws -> (server: WebServer, url: URL) {
        var configuration = ServerConfiguration()
        configuration.port = 0
        let answer: JSONValue = ["choices": [["message": ["role": "assistant", "content": .string(content)]]]]
        let route = Route(.post, "/v1/chat/completions", summary: "judge", tags: [], contentTypes: []) { request in
            guard request.headers[.authorization] == "Bearer secret" else { throw HTTPError.serverError() }
            let body = try JSONValue(parsing: request.body)
            guard body["model"] == "m", body["messages"]?.array?.count == 2 else { throw HTTPError.serverError() }
            return .json(answer.serialized())
        }
        let server = WebServer(configuration: configuration, routes: [route], logger: Logger(label: "judge"))
        let port = try server.start().port
        return (server, try #require(URL(string: "http://127.0.0.1:\(port)/v1")))
    }

    @Test(
        "an external judge is asked at its URL, and what it cannot do is a 502",
        arguments: [
            ("{\"reference\":[\"a\",\"b\"],\"candidate\":[\"a\"],\"matches\":[[0,0]]}", "secret", 200),
            ("As a language model I decline.", "secret", 502), ("{}", "wrong", 502),
        ]
    )
    func external(content: String, key: String, status: Int) async throws {
        let (server, url) = try judgeServer(content)
        var service = ServiceConfiguration()
        service.externalJudge = .init(url: url, key: key, model: "m")
        let api = try TestAPI(service)
        let answer = try await api.post("/v1/judge", ["reference": "x", "candidate": "y", "judge": "external"])
        #expect(answer.status == status)
        if status == 200 {
            #expect(try answer.json.at("fn") == 1)
        } else {
            #expect(try answer.json.at("error.code") == "judge_failed")
        }
        await api.server.shutdown()
        await server.shutdown()
    }

    @Test("the words for an object are found and scored in every layer")
    func localization() async throws {
        let answer = try await localize(["phrase": "red circle", "box": [100, 148, 224, 272]])
        try #require(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
        let body = try answer.json
        let tokens = try #require(try body.at("localization.tokens").array).compactMap { $0["token"]?.string }
        #expect(tokens.joined().trimmingCharacters(in: .whitespaces) == "red circle")
        let layers = try #require(try body.at("localization.layers").array)
        #expect(layers.map { $0["layer"] } == (0..<8).map { .integer($0) })
        #expect(try body.at("localization.layers.4.hit") == true)
        #expect(try body.at("localization.counted") == true)
        let area = try #require(try body.at("localization.area").number)
        #expect(abs(area - 124.0 * 124 / (384 * 384)) < 1e-9)
        let some = try await localize([
            "phrase": "circle", "box": [100, 148, 224, 272], "layers": [4], "select": "lost",
        ])
        #expect(try some.json.at("localization.layers").array?.count == 1)
        #expect(try some.json.at("localization.lost").bool != nil)
        #expect(try some.json.at("localization.mean.peak") == some.json.at("localization.layers.0.peak"))
    }

    @Test(
        "what localization lacks is named",
        arguments: [
            (["box": [0, 0, 9, 9]], 400, "phrase"), (["phrase": "circle"], 400, "box"),
            (["phrase": "circle", "box": [0, 0, 9, 9], "polygon": [[0, 0], [9, 0], [9, 9]]], 400, "box"),
            (["phrase": "zebra", "box": [0, 0, 9, 9]], 422, "phrase"),
            (["phrase": "circle", "box": [900, 900, 999, 999]], 422, "box"),
            (["phrase": "circle", "box": [0, 0, 9, 9], "image": 1], 422, "image"),
            (["phrase": "circle", "box": [0, 0, 9, 9], "dilate_px": -1], 400, "dilate_px"),
            (["phrase": "...", "box": [0, 0, 9, 9]], 400, "phrase"),
            (["phrase": "circle", "box": [0, 0, 9, 9], "select": "some"], 400, "select"),
        ] as [([String: JSONValue], Int, String)]
    )
    func errors(members: [String: JSONValue], status: Int, parameter: String) async throws {
        let answer = try await localize(members)
        #expect(answer.status == status)
        #expect(try answer.json.at("error.param") == .string(parameter))
    }
}
