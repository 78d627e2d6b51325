import Foundation
import JSON
import Testing

@Suite("Attention and knockouts over HTTP")
struct ProbeTests {
    @Test("attention has rows, layers, columns and fractions that sum to 1")
    func attention() async throws {
        let body = try await TestAPI.shared.get().success("/v1/attention", .question())
        let rows = try #require(try body.at("attention.rows").array)
        let length = try #require(try body.at("layout.length").integer)
        #expect(try body.at("attention.maps").shape == [rows.count, 8, 144])
        #expect(rows.first?["position"]?.integer == length - 1)
        #expect(rows.first?["token"] == (try body.at("tokens.0.text")))
        #expect(try body.at("attention.layers") == [0, 1, 2, 3, 4, 5, 6, 7])
        let fractions = try #require(try body.at("attention.fractions").object)
        #expect(Set(["image", "bos", "system", "question", "template", "generated"]).isSubset(of: fractions.keys))
        for row in rows.indices {
            for layer in 0..<4 {
                let sum = try fractions.values.reduce(0) { $0 + (try $1.at("\(row).\(layer)").number ?? .nan) }
                #expect(abs(sum - 1) < 1e-5)
            }
        }
    }

    @Test("heads, layers and columns shape the maps")
    func shapes() async throws {
        let api = try TestAPI.shared.get()
        let all: [String: JSONValue] = ["attention": ["heads": "all", "layers": "late", "rows": "question"]]
        let body = try await api.success("/v1/attention", .question(members: all))
        let questions = try #require(try body.at("layout.tokens").array).filter { $0["kind"] == "question" }
        let layers = try #require(try body.at("attention.layers").array)
        #expect(try body.at("attention.maps").shape == [questions.count, layers.count, 4, 144])
        let tokens = try #require(try body.at("attention.rows").array).map { $0["token"] }
        #expect(tokens == questions.map { $0["text"] })
        let columns: [String: JSONValue] = ["attention": ["columns": "all", "heads": [1, 3], "layers": [0]]]
        let whole = try await api.success("/v1/attention", .question(members: columns))
        let rows = try #require(try whole.at("attention.rows").array)
        let length = try #require(try whole.at("layout.length").integer)
        #expect(try whole.at("attention.maps").shape == [rows.count, 1, 2, length + rows.count - 1])
    }

    @Test("base64 holds the same numbers as nested arrays")
    func base64() async throws {
        let api = try TestAPI.shared.get()
        let nested = try await api.success("/v1/attention", .question())
        let packed = try await api.success("/v1/attention", .question(members: ["encoding": "base64"]))
        #expect(try packed.at("attention.maps.dtype") == "f32")
        let shape = try #require(try packed.at("attention.maps.shape").array?.compactMap(\.integer))
        #expect(shape == (try nested.at("attention.maps").shape))
        let data = try #require(Data(base64Encoded: try packed.at("attention.maps.data").string ?? ""))
        #expect(data.count == shape.reduce(4, *))
        let first = data.prefix(4).enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << (8 * $1.offset) }
        let number = try #require(try nested.at("attention.maps.0.0.0").number)
        #expect(Float(bitPattern: first) == Float(number))
    }

    @Test("an archive holds every array that its JSON names")
    func archive() async throws {
        let api = try TestAPI.shared.get()
        let answer = try await api.post("/v1/attention", .question(), headers: ["Accept": "application/x-npz"])
        #expect(answer.status == 200)
        let names = ["attention.maps.npy", "attention.fractions.image.npy", "meta.json"]
        for name in names { #expect(answer.body.range(of: Data(name.utf8)) != nil, "\(name)") }
    }

    @Test("a probe's stream is meta, tokens, result, done")
    func stream() async throws {
        let members: [String: JSONValue] = ["stream": true, "typo": 1]
        let answer = try await TestAPI.shared.get().post("/v1/attention", .question(members: members))
        #expect(answer.events.last == "[DONE]")
        let events = try answer.events.dropLast().map { try JSONValue(parsing: Data($0.utf8)) }
        let types = events.compactMap { $0["type"]?.string }
        let count = try #require(try events[events.count - 1].at("tokens").array).count
        #expect(types == ["meta"] + Array(repeating: "token", count: count) + ["result"])
        #expect(try events[events.count - 1].at("warnings") == ["unknown field \"typo\" was ignored"])
    }

    @Test("img->gen keeps the first token; an empty list of interventions is the baseline")
    func oracles() async throws {
        let members: [String: JSONValue] = [
            "knockouts": ["img->gen", ["name": "nothing", "interventions": []]],
            "score": ["targets": ["Yes", "No"], "top_k": 3],
        ]
        let body = try await TestAPI.shared.get().success("/v1/knockout", .question(members: members))
        #expect(try body.at("variants.0.name") == "img->gen@all")
        #expect(try body.at("variants.0.layers") == [0, 1, 2, 3, 4, 5, 6, 7])
        #expect(try body.at("variants.0.compare.first_token_changed") == false)
        #expect(try body.at("variants.0.run.next") == body.at("baseline.next"))
        #expect(try body.at("variants.1.run") == body.at("baseline"))
        #expect(try body.at("variants.1.compare.kl_next").number == 0)
        #expect(try body.at("baseline.next.top").array?.count == 3)
        #expect(try body.at("baseline.next.targets.Yes.id").integer != nil)
        #expect(try body.at("variants.0.compare.delta_logprob.No").number == 0)
        #expect(try body.at("cost.rows").integer != nil)
    }

    @Test("img->txt+gen on all layers makes the answer blind to the pixels; the baseline is not")
    func blindness() async throws {
        let api = try TestAPI.shared.get()
        func body(_ picture: String) async throws -> JSONValue {
            let members: [String: JSONValue] = ["knockouts": "img->txt+gen", "max_tokens": 8]
            return try await api.success("/v1/knockout", .question(image: .string(picture), members: members))
        }
        let (one, two) = (try await body(Pictures.first), try await body(Pictures.second))
        #expect(try one.at("variants.0.run") == two.at("variants.0.run"))
        #expect(try one.at("baseline.next") != two.at("baseline.next"))
    }

    @Test("chat takes interventions and answers as the knockout's variant does")
    func chatInterventions() async throws {
        let api = try TestAPI.shared.get()
        let cut: JSONValue = ["kind": "attention_knockout", "from": "image", "to": "post_image", "layers": ["from": 1]]
        let study = try await api.success("/v1/knockout", .question(members: ["knockouts": [cut]]))
        let chat = try await api.success("/v1/chat/completions", .question(members: ["interventions": [cut]]))
        #expect(try study.at("variants.0.layers") == [1, 2, 3, 4, 5, 6, 7])
        #expect(try study.at("variants.0.run.text") == chat.at("choices.0.message.content"))
    }

    @Test("a sweep runs every knockout at every window, in order, and streams them")
    func sweep() async throws {
        let api = try TestAPI.shared.get()
        var members: [String: JSONValue] = [
            "sweep": ["knockouts": ["img->gen", "img->txt"], "layers": [["from": 4], ["from": 6], [3]]],
            "max_tokens": 2,
        ]
        let body = try await api.success("/v1/knockout", .question(members: members))
        let layers = try #require(try body.at("variants").array).map { $0["layers"] }
        #expect(layers == [[4, 5, 6, 7], [6, 7], [3], [4, 5, 6, 7], [6, 7], [3]])
        let written: JSONValue = [["kind": "attention_knockout", "preset": "img->txt", "layers": ["from": 6]]]
        #expect(try body.at("variants.4.interventions") == written)
        members["stream"] = true
        let events = try await api.post("/v1/knockout", .question(members: members)).events
        let types = try events.dropLast().compactMap { try JSONValue(parsing: Data($0.utf8))["type"]?.string }
        #expect(types == ["meta", "progress"] + Array(repeating: "variant", count: 6) + ["result"])
        #expect(events.last == "[DONE]")
    }

    @Test("no token is produced where none is asked for")
    func scoringOnly() async throws {
        let members: [String: JSONValue] = ["knockouts": [], "max_tokens": 0]
        let body = try await TestAPI.shared.get().success("/v1/knockout", .question(members: members))
        #expect(try body.at("baseline.tokens") == [])
        #expect(try body.at("variants") == [])
        #expect(try body.at("baseline.next.top").array?.count == 5)
    }

    @Test("a form stands for the body: picture, prompt, and members as JSON or text")
    func form() async throws {
        let api = try TestAPI.shared.get()
        let fields = [("prompt", "describe the image"), ("max_tokens", "4"), ("attention", "{\"layers\":[1]}")]
        let answer = try await api.form("/v1/attention", image: Pictures.firstFile, fields: fields)
        #expect(answer.status == 200)
        let members: [String: JSONValue] = ["attention": ["layers": [1]]]
        let same = try await api.success("/v1/attention", .question(members: members))
        #expect(try answer.json.at("attention") == same.at("attention"))
        #expect(try answer.json.at("text") == same.at("text"))
        let missing = try await api.form("/v1/attention", image: Pictures.firstFile, fields: [("max_tokens", "4")])
        #expect(missing.status == 400)
        #expect(try missing.json.at("error.param") == "prompt")
        let broken = try await api.form("/v1/knockout", image: Data("no picture".utf8), fields: fields)
        #expect(try broken.json.at("error.code") == "invalid_image")
    }

    @Test("the layout covers every position once and its patches cover the picture")
    func layout() async throws {
        let api = try TestAPI.shared.get()
        let layout = try await api.success("/v1/layout", .question())
        let length = try #require(try layout.at("length").integer)
        #expect(try layout.at("tokens").array?.count == length - 144)
        #expect(try layout.at("spans.last") == [[.integer(length - 1), .integer(length)]])
        #expect(try layout.at("images.0.width") == 60)
        #expect(try layout.at("images.0.height") == 40)
        #expect(try layout.at("images.0.patch_boxes").shape == [144, 4])
        #expect(try layout.at("images.0.tiles.0.rows") == 12)
        let dot = try await api.success("/v1/layout", .question(image: .string(Pictures.dot)))
        #expect(try dot.at("images.0.width") == 1)
        let two = try await api.success(
            "/v1/layout",
            ["messages": [["role": "user", "content": [part(Pictures.first), part(Pictures.second), text("both?")]]]]
        )
        #expect(try two.at("images").array?.count == 2)
        #expect(try two.at("spans.image").array?.count == 2)
    }

    private func part(_ url: String) -> JSONValue { ["type": "image_url", "image_url": ["url": .string(url)]] }

    private func text(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }
}
