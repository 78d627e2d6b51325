import Foundation
import JSON
import Testing
import WebServer

@Suite("Service routes")
struct ServiceTests {
    @Test("503 while the model loads, then 200")
    func loading() async throws {
        let api = try TestAPI(isLoaded: false)
        for path in ["/health", "/v1/models", "/v1/capabilities"] {
            let answer = try await api.get(path)
            #expect(answer.status == 503)
            #expect(try answer.json.at("error.code") == "model_loading")
            #expect(answer.headers["retry-after"] != nil)
        }
        #expect(try await api.post("/v1/attention", .question()).status == 503)
        try api.load()
        #expect(try await api.get("/health").json == ["status": "ok"])
        await api.server.shutdown(deadline: .zero)
    }

    @Test("the model is listed with its shape")
    func models() async throws {
        let api = try TestAPI.shared.get()
        let list = try await api.get("/v1/models").json
        #expect(try list.at("object") == "list")
        let meta: [String: JSONValue] = [
            "layers": 8, "heads": 4, "kv_heads": 4, "hidden": 128, "image_tokens": 144, "context": 1024,
            "weights_format": "f32",
        ]
        for (key, value) in meta { #expect(try list.at("data.0.meta.\(key)") == value) }
        #expect(try list.at("data.0.meta.vocab").integer == 512)
        #expect(try await api.get("/v1/models/fovea-scenes").json == list.at("data.0"))
    }

    @Test("capabilities name probes, spans, presets and limits")
    func capabilities() async throws {
        let body = try await TestAPI.shared.get().get("/v1/capabilities").json
        #expect(try body.at("spans").array?.contains("question") == true)
        #expect(try body.at("layer_presets.early") == [0, 1])
        #expect(try body.at("limits.context") == 1024)
        #expect(try body.at("probes").array?.isEmpty == false)
    }

    @Test("tokens go out and come back, with warnings for what is not known")
    func tokens() async throws {
        let api = try TestAPI.shared.get()
        let tokenized = try await api.success("/v1/tokenize", ["content": "describe the image", "pieces": true])
        #expect(try tokenized.at("warnings") == ["unknown field \"pieces\" was ignored"])
        let tokens = try tokenized.at("tokens")
        #expect(tokens.array?.allSatisfy { $0["id"]?.integer != nil && $0["piece"]?.string != nil } == true)
        let ids = JSONValue.array(tokens.array?.compactMap { $0["id"] } ?? [])
        for form in [tokens, ids] {
            let text = try await api.success("/v1/detokenize", ["tokens": form]).at("content").string
            #expect(text?.trimmingCharacters(in: .whitespaces) == "describe the image")
        }
        let special = try await api.success("/v1/tokenize", ["content": "describe the image", "add_special": true])
        #expect(try special.at("tokens").array?.count == (tokens.array?.count ?? 0) + 1)
    }

    @Test("a picture is kept under the hash of its bytes and can be asked about by that name")
    func images() async throws {
        let api = try TestAPI.shared.get()
        let bare = try await api.client.send("POST", "/v1/images", Pictures.firstFile)
        let form = try await api.form("/v1/images", image: Pictures.firstFile, fields: [])
        #expect(try bare.json == form.json)
        let id = try #require(try bare.json.at("image_id").string)
        #expect(id.count == 68 && id.hasPrefix("img_"))
        #expect(try bare.json.at("format") == "png")
        let kept = try await api.get("/v1/images/\(id)")
        #expect(kept.body == Pictures.firstFile)
        #expect(kept.headers["content-type"] == "image/png")
        let byName = try await api.success("/v1/chat/completions", .question(image: .string(id)))
        let byData = try await api.success("/v1/chat/completions", .question())
        #expect(try byName.at("choices") == byData.at("choices"))
        let raw = JSONValue.string(Pictures.firstFile.base64EncodedString())
        let byBase64 = try await api.success("/v1/chat/completions", .question(image: raw))
        #expect(try byBase64.at("choices") == byData.at("choices"))
    }

    @Test("ids are echoed, HEAD has no body, OPTIONS names the methods")
    func protocolDetails() async throws {
        let api = try TestAPI.shared.get()
        let answer = try await api.client.send("GET", "/health", headers: ["X-Request-Id": "abc-1"])
        #expect(answer.headers["x-request-id"] == "abc-1")
        #expect(try await api.get("/health").headers["x-request-id"]?.isEmpty == false)
        let head = try await api.client.send("HEAD", "/v1/models")
        #expect(head.status == 200 && head.body.isEmpty)
        let options = try await api.client.send("OPTIONS", "/v1/attention")
        #expect(options.status == 204)
        #expect(options.headers["allow"] == "OPTIONS, POST")
    }

    @Test("the description covers every route, and every reference in it leads somewhere")
    func description() async throws {
        let document = try await TestAPI.shared.get().get("/openapi.json").json
        let paths = try #require(try document.at("paths").object)
        for path in ["/v1/attention", "/v1/knockout", "/v1/images/{id}", "/openapi.json", "/health"] {
            #expect(paths[path] != nil)
        }
        let schemas = try #require(try document.at("components.schemas").object)
        func check(_ value: JSONValue) {
            if let reference = value["$ref"]?.string {
                #expect(schemas[String(reference.dropFirst("#/components/schemas/".count))] != nil, "\(reference)")
            }
            for child in value.array ?? [] { check(child) }
            for child in (value.object ?? [:]).values { check(child) }
        }
        check(document)
    }

    @Test("the description asks for a key on every route but /health")
    func keys() async throws {
        let document = try await TestAPI.shared.get().get("/openapi.json").json
        for (path, operations) in try #require(try document.at("paths").object) {
            for operation in (operations.object ?? [:]).values {
                #expect((operation["security"] != nil) == (path != "/health"), "\(path)")
            }
        }
    }
}
