import Foundation
import HTTPCore
import HTTPTypes
import JSON
import Testing

@testable import API

@Suite("Requests that are refused")
struct BadRequestTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let path: String
        let body: JSONValue
        let status: Int
        let code: String?
        let parameter: String?
        var testDescription: String { "\(path) \(status) \(code ?? "-") \(parameter ?? "-")" }

        init(_ path: String, _ body: JSONValue, _ status: Int, _ code: String?, _ parameter: String?) {
            (self.path, self.body, self.status, self.code, self.parameter) = (path, body, status, code, parameter)
        }

        /// A chat that is well formed but for some members.
        init(chat members: [String: JSONValue], _ parameter: String, _ code: String? = nil) {
            self.init("/v1/chat/completions", .question(image: nil, members: members), 400, code, parameter)
        }

        init(messages: JSONValue, _ parameter: String, _ code: String? = nil, status: Int = 400) {
            self.init("/v1/chat/completions", ["messages": messages], status, code, parameter)
        }

        init(image: JSONValue, _ status: Int = 400, _ code: String = "invalid_image") {
            let path = "messages[0].content[0].image_url.url"
            self.init("/v1/chat/completions", .question(image: image), status, code, path)
        }

        init(
            probe: String,
            _ members: [String: JSONValue],
            _ status: Int,
            _ parameter: String,
            image: JSONValue? = .string(Pictures.first)
        ) {
            let code = status == 422 ? "unsupported_probe" : nil
            self.init("/v1/\(probe)", .question(image: image, members: members), status, code, parameter)
        }
    }

    static let chats: [Refusal] = [
        Refusal("/v1/chat/completions", ["max_tokens": 1], 400, nil, "messages"),
        Refusal("/v1/chat/completions", [], 400, nil, nil),
        Refusal(messages: [], "messages"),
        Refusal(messages: "hi", "messages"),
        Refusal(messages: [1], "messages[0]"),
        Refusal(messages: [["content": "hi"]], "messages[0].role"),
        Refusal(messages: [["role": "robot", "content": "hi"]], "messages[0].role"),
        Refusal(messages: [["role": "user"]], "messages[0].content"),
        Refusal(messages: [["role": "user", "content": nil]], "messages[0].content"),
        Refusal(messages: [["role": "user", "content": 3]], "messages[0].content"),
        Refusal(messages: [["role": "user", "content": []]], "messages[0].content"),
        Refusal(messages: [["role": "user", "content": [["type": "video"]]]], "messages[0].content[0].type"),
        Refusal(messages: [["role": "user", "content": [["type": "text"]]]], "messages[0].content[0].text"),
        Refusal(
            messages: [["role": "user", "content": [["type": "image_url", "image_url": 5]]]],
            "messages[0].content[0].image_url"
        ),
        Refusal(messages: [["role": "assistant", "content": "hi"]], "messages"),
        Refusal(chat: ["max_tokens": -1], "max_tokens"),
        Refusal(chat: ["max_tokens": "4"], "max_tokens"),
        Refusal(chat: ["max_tokens": 1.5], "max_tokens"),
        Refusal(chat: ["max_completion_tokens": -1], "max_completion_tokens"),
        Refusal(chat: ["max_completion_tokens": 4000], "max_completion_tokens", "context_length_exceeded"),
        Refusal(chat: ["max_tokens": 4000], "max_tokens", "context_length_exceeded"),
        Refusal(chat: ["temperature": -0.1], "temperature"),
        Refusal(chat: ["temperature": true], "temperature"),
        Refusal(chat: ["top_p": 1.5], "top_p"),
        Refusal(chat: ["min_p": -1], "min_p"),
        Refusal(chat: ["top_k": "all"], "top_k"),
        Refusal(chat: ["seed": 0.5], "seed"),
        Refusal(chat: ["n": 2], "n"),
        Refusal(chat: ["stop": 5], "stop"),
        Refusal(chat: ["stop": [1]], "stop[0]"),
        Refusal(chat: ["stream": "yes"], "stream"),
        Refusal(chat: ["stream_options": true], "stream_options"),
        Refusal(chat: ["stream_options": ["include_usage": 1]], "stream_options.include_usage"),
        Refusal(chat: ["logprobs": 3], "logprobs"),
        Refusal(chat: ["logprobs": true, "top_logprobs": 21], "top_logprobs"),
        Refusal(chat: ["top_logprobs": 2], "top_logprobs"),
        Refusal(chat: ["encoding": "xml"], "encoding"),
        Refusal(chat: ["model": 7], "model"),
        Refusal(
            "/v1/chat/completions",
            .question(image: nil, members: ["model": "gpt-9"]),
            404,
            "model_not_found",
            "model"
        ),
        Refusal(image: "data:image/png;base64,!!!!"),
        Refusal(image: "data:text/plain,hello"),
        Refusal(image: "data:image/png;base64,aGVsbG8="),
        Refusal(image: .string(Pictures.huge)),
        Refusal(image: .string(Pictures.truncatedJPEG)),
        Refusal(image: "img_0000"),
        Refusal(image: "https://example.org/cat.png", 403, "remote_images_disabled"),
    ]

    private static func vision(_ members: [String: JSONValue]) -> JSONValue {
        .object(members.merging(["tower": "vision"]) { first, _ in first })
    }

    static let probes: [Refusal] = [
        Refusal(probe: "attention", ["attention": 3], 400, "attention"),
        Refusal(probe: "attention", ["attention": ["heads": "most"]], 400, "attention.heads"),
        Refusal(probe: "attention", ["attention": ["heads": [9]]], 422, "attention.heads"),
        Refusal(probe: "attention", ["attention": ["layers": [8]]], 422, "attention.layers"),
        Refusal(probe: "attention", ["attention": ["layers": "deep"]], 400, "attention.layers"),
        Refusal(probe: "attention", ["attention": ["rows": "questions"]], 400, "attention.rows"),
        Refusal(probe: "attention", ["attention": ["rows": "image:1"]], 422, "attention.rows"),
        Refusal(probe: "attention", ["attention": ["rows": [100_000]]], 422, "attention.rows"),
        Refusal(probe: "attention", ["attention": ["rollout": true, "heads": "max"]], 422, "attention.heads"),
        Refusal(probe: "attention", ["attention": ["exclude_sinks": 20]], 400, "attention.exclude_sinks"),
        Refusal(probe: "attention", ["attention": ["tower": "audio"]], 400, "attention.tower"),
        Refusal(probe: "attention", ["attention": ["rows": "patches"]], 400, "attention.rows"),
        Refusal(probe: "attention", ["attention": vision(["rollout": true])], 422, "attention.rollout"),
        Refusal(probe: "attention", ["attention": vision(["exclude_sinks": true])], 422, "attention.exclude_sinks"),
        Refusal(probe: "attention", ["attention": vision(["rows": "question"])], 422, "attention.rows"),
        Refusal(probe: "attention", ["attention": vision(["rows": "generated"])], 422, "attention.rows"),
        Refusal(probe: "attention", ["attention": vision(["layers": [24]])], 422, "attention.layers"),
        Refusal(probe: "attention", ["attention": vision(["heads": [4]])], 422, "attention.heads"),
        Refusal(probe: "attention", ["attention": vision([:])], 422, "attention.tower", image: nil),
        Refusal(
            probe: "attention",
            ["attention": vision([:]), "interventions": ["img->gen"]],
            422,
            "interventions"
        ),
        Refusal(
            probe: "attention",
            ["attention": ["exclude_sinks": ["dimensions": [100_000]]]],
            422,
            "attention.exclude_sinks.dimensions"
        ),
        Refusal(
            probe: "attention",
            ["attention": ["exclude_sinks": true, "columns": "all"]],
            422,
            "attention.exclude_sinks",
            image: nil
        ),
        Refusal(probe: "attention", [:], 422, "attention.columns", image: nil),
        Refusal(probe: "knockout", [:], 400, "knockouts"),
        Refusal(probe: "knockout", ["knockouts": ["img->cat"]], 400, "knockouts[0]"),
        Refusal(probe: "knockout", ["knockouts": ["img->gen"]], 422, "knockouts[0]", image: nil),
        Refusal(probe: "knockout", ["knockouts": [["kind": "nonsense"]]], 400, "knockouts[0].kind"),
        Refusal(probe: "knockout", ["knockouts": [["kind": "head_ablation"]]], 400, "knockouts[0].heads"),
        Refusal(probe: "knockout", ["sweep": ["preset": "sideways"]], 400, "sweep.preset"),
        Refusal(probe: "knockout", ["sweep": ["knockouts": ["img->gen"]]], 400, "sweep.layers"),
        Refusal(
            probe: "knockout",
            ["sweep": ["knockouts": ["img->gen"], "layers": ["all", ["from": 9]]]],
            422,
            "sweep.layers[1]"
        ),
        Refusal(probe: "knockout", ["knockouts": ["img->gen"], "judge": "external"], 422, "judge"),
        Refusal(probe: "knockout", ["knockouts": ["img->gen"], "judge": "mother"], 400, "judge"),
        Refusal(probe: "knockout", ["knockouts": ["img->gen"], "score": 5], 400, "score"),
        Refusal(probe: "knockout", ["knockouts": ["img->gen"], "score": ["targets": [""]]], 400, "score.targets[0]"),
        Refusal(
            probe: "knockout",
            [
                "knockouts": [
                    [
                        "name": "x",
                        "interventions": [
                            ["kind": "attention_knockout", "from": ["top_attended": 0.001], "to": "last"]
                        ],
                    ]
                ]
            ],
            422,
            "knockouts[0].interventions[0].from"
        ),
        Refusal(
            probe: "chat/completions",
            ["interventions": [["kind": "attention_knockout", "from": "image", "to": "last", "layers": [8]]]],
            422,
            "interventions[0].layers"
        ),
        Refusal("/v1/tokenize", ["text": "hi"], 400, nil, "content"),
        Refusal("/v1/tokenize", ["content": "hi", "add_special": "yes"], 400, nil, "add_special"),
        Refusal("/v1/detokenize", ["tokens": [1, 100_000]], 400, nil, "tokens[1]"),
        Refusal("/v1/detokenize", ["tokens": [-1]], 400, nil, "tokens[0]"),
    ]

    @Test("the answer names the field and says what is wrong with it", arguments: chats + probes)
    func refusal(_ refusal: Refusal) async throws {
        let answer = try await TestAPI.shared.get().post(refusal.path, refusal.body)
        let error = try answer.json.at("error")
        #expect(answer.status == refusal.status, "\(error)")
        #expect(error["type"]?.string == "invalid_request_error")
        #expect(error["code"]?.string == refusal.code)
        #expect(error["param"]?.string == refusal.parameter)
        #expect(error["message"]?.string?.isEmpty == false)
        #expect(error.object.map { Set($0.keys) } == ["message", "type", "param", "code"])
    }

    @Test(
        "bodies that are no JSON object",
        arguments: [
            Data(), Data("{".utf8), Data("[1]".utf8), Data("\"hi\"".utf8),
            Data([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
            Data((String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)).utf8),
            Data("{\"messages\":[],}".utf8),
        ]
    )
    func notJSON(_ body: Data) async throws {
        for path in ["/v1/chat/completions", "/v1/tokenize", "/v1/knockout"] {
            let answer = try await TestAPI.shared.get().client.send("POST", path, body)
            #expect(answer.status == 400)
            #expect(try answer.json.at("error.type") == "invalid_request_error")
        }
    }

    @Test(
        "media types that are not taken",
        arguments: [
            ("/v1/chat/completions", "text/plain"), ("/v1/tokenize", "multipart/form-data; boundary=x"),
            ("/v1/attention", "application/x-www-form-urlencoded"), ("/v1/layout", "nonsense"),
        ]
    )
    func mediaType(_ path: String, _ type: String) async throws {
        let body = JSONValue.question().serialized()
        let answer = try await TestAPI.shared.get().client.send("POST", path, body, headers: ["Content-Type": type])
        #expect(answer.status == 415)
        #expect(try answer.json.at("error.code") == "unsupported_media_type")
    }

    @Test(
        "answers in a form that is not there",
        arguments: [
            ("/v1/chat/completions", "application/x-npz", false), ("/v1/knockout", "image/png", false),
            ("/v1/attention", "image/png", true), ("/v1/logit-lens", "application/x-npz", true),
        ]
    )
    func accept(_ path: String, _ type: String, _ streams: Bool) async throws {
        let body = JSONValue.question(members: ["knockouts": ["img->gen"], "stream": .bool(streams)])
        let answer = try await TestAPI.shared.get().post(path, body, headers: ["Accept": type])
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.param") == "Accept")
    }

    @Test("routes, methods and pictures that are not there")
    func unknown() async throws {
        let api = try TestAPI.shared.get()
        let route = try await api.post("/v1/nothing", .question())
        #expect(route.status == 404)
        #expect(try route.json.at("error.code") == "unknown_route")
        let method = try await api.get("/v1/attention")
        #expect(method.status == 405)
        #expect(method.headers["allow"] == "OPTIONS, POST")
        #expect(try await api.get("/v1/images/img_0").status == 404)
        #expect(try await api.get("/v1/models/gpt-9").json.at("error.code") == "model_not_found")
    }

    @Test("requests over the limit are sent away until a place is free")
    func full() throws {
        let gate = RequestGate(limit: 1)
        var first: RequestGate.Place? = try gate.enter()
        let error = #expect(throws: HTTPError.self) { _ = try gate.enter() }
        #expect(error?.status == .tooManyRequests)
        #expect(error?.headers[.retryAfter] != nil)
        #expect(first != nil)
        first = nil
        _ = try gate.enter()
    }
}
