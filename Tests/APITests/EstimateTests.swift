import Foundation
import JSON
import Models
import Testing
import WebServer

@testable import API

@Suite("Estimates and budgets over HTTP")
struct EstimateTests {
    private func estimate(_ route: String, _ members: [String: JSONValue] = [:]) async throws -> JSONValue {
        var all: [String: JSONValue] = ["route": .string(route)]
        all.merge(members) { _, new in new }
        return try await TestAPI.shared.get().success("/v1/estimate", .question(members: all))
    }

    @Test("every listed route can be estimated, and rows are counted as they would run")
    func routes() async throws {
        let object: JSONValue = ["box": [10, 10, 30, 30]]
        let members: [String: [String: JSONValue]] = [
            "/v1/knockout": ["knockouts": ["img->gen"]], "/v1/ablation": ["object": object],
            "/v1/localize": ["phrase": "circle", "box": [1, 1, 9, 9]],
            "/v1/activations": ["sites": ["text.final.norm"], "positions": "generated"],
            "/v1/judge": ["reference": "A red circle.", "candidate": "A cat."],
        ]
        for route in EstimateRoute.routes {
            let answer = try await estimate(route, members[route] ?? [:])
            #expect(try #require(try answer.at("seconds").number) > 0, "\(route)")
            #expect(try #require(try answer.at("peak_bytes").integer) > 0, "\(route)")
            #expect(try answer.at("fits") == true)
            #expect(answer["warnings"] == nil, "\(route)")
        }
    }

    @Test("a route goes by its name with and without its prefix")
    func names() async throws {
        let api = try TestAPI.shared.get()
        for route in EstimateRoute.routes where route != "/v1/judge" {
            var bytes: Set<Int?> = []
            for name in [route, String(route.dropFirst()), String(route.dropFirst(4))] {
                let body = JSONValue.question(members: [
                    "route": .string(name), "knockouts": [], "ablations": [], "phrase": "circle", "box": [1, 1, 9, 9],
                    "sites": ["text.embed"],
                ])
                let answer = try await api.success("/v1/estimate", body)
                #expect(try answer.at("route") == .string(route))
                bytes.insert(try answer.at("peak_bytes").integer)
            }
            #expect(bytes.count == 1, "\(route)")
        }
    }

    @Test("what asks nothing of the model takes little, and a judge's body needs no messages")
    func withoutModel() async throws {
        let api = try TestAPI.shared.get()
        let judged: JSONValue = ["route": "judge", "reference": "A red circle.", "candidate": "A cat."]
        let layout = JSONValue.question(members: ["route": "/v1/layout"])
        for body in [judged, layout] {
            let answer = try await api.success("/v1/estimate", body)
            #expect(try answer.at("runs") == 0 && answer.at("rows") == 0 && answer.at("fits") == true)
            #expect(try #require(try answer.at("seconds").number) < 0.1)
            #expect(answer["warnings"] == nil)
        }
        for (body, parameter) in [
            (["route": "judge", "reference": "A red circle."], "candidate"),
            (["route": "judge", "reference": "a", "candidate": "b", "judge": "zz"], "judge"),
            (["route": "layout"], "messages"),
        ] as [(JSONValue, String)] {
            let answer = try await api.post("/v1/estimate", body)
            #expect(answer.status == 400)
            #expect(try answer.json.at("error.param") == .string(parameter))
        }
    }

    @Test("runs that changes depend on are counted: a baseline to rank, a source to read")
    func preparations() async throws {
        let top: JSONValue = [
            "kind": "attention_knockout", "from": ["top_attended": 5, "of": "image"], "to": "last", "layers": [3],
        ]
        let patch: JSONValue = [
            "kind": "activation_patch", "site": "text.blocks.0.resid.pre", "positions": [1],
            "source": .question(image: .string(Pictures.second)),
        ]
        func runs(_ route: String, _ members: [String: JSONValue]) async throws -> Int? {
            try await estimate(route, members).at("runs").integer
        }
        let chat = "/v1/chat/completions"
        #expect(try await runs(chat, [:]) == 1)
        #expect(try await runs(chat, ["interventions": [top, top]]) == 2)
        #expect(try await runs(chat, ["interventions": [top, patch]]) == 3)
        #expect(try await runs("/v1/knockout", ["knockouts": ["img->gen", top]]) == 4)
        #expect(try await runs("/v1/knockout", ["knockouts": [top], "interventions": [top]]) == 4)
        let plain = try await estimate(chat, ["max_tokens": 50])
        let ranked = try await estimate(chat, ["interventions": [top], "max_tokens": 50])
        let (one, two) = (try #require(try plain.at("rows").integer), try #require(try ranked.at("rows").integer))
        #expect(two == 2 * one)
        #expect(try #require(try ranked.at("seconds").number) > (try #require(try plain.at("seconds").number)) * 1.5)
    }

    @Test("an answer's numbers take time and memory, less of both as base64")
    func answers() async throws {
        let attention: JSONValue = ["heads": "all", "columns": "all", "rows": ["range": [0, 150]]]
        let members: [String: JSONValue] = ["attention": attention, "max_tokens": 0]
        func bytes(_ more: [String: JSONValue]) async throws -> Int {
            try #require(try await estimate("/v1/attention", members.merging(more) { $1 }).at("peak_bytes").integer)
        }
        let (spelled, encoded) = (try await bytes([:]), try await bytes(["encoding": "base64"]))
        let numbers = 150 * 8 * 4 * 150
        #expect(spelled - encoded > numbers * 10, "\(spelled), \(encoded)")
        let few = try #require(try await estimate("/v1/logit-lens", ["lens": ["top_k": 1]]).at("seconds").number)
        let many = try #require(try await estimate("/v1/logit-lens", ["lens": ["top_k": 500]]).at("seconds").number)
        #expect(many > few + 0.1)
    }

    @Test("the vision tower runs again for its states, which count as memory")
    func visionSites() async throws {
        let resident = try TestAPI.shared.get().holder.ready()
        let shape = resident.model.vision.shape
        let site: [String: JSONValue] = ["sites": ["vision.blocks.0.attn.pattern", "vision.blocks.1.attn.pattern"]]
        let text = try await estimate("/v1/activations", ["sites": ["text.embed"]])
        let vision = try await estimate("/v1/activations", site)
        #expect(try #require(try vision.at("seconds").number) > (try #require(try text.at("seconds").number)))
        let states = 4 * 2 * shape.shape(.pattern).reduce(1, *)
        let length = try #require(
            try await TestAPI.shared.get().success("/v1/layout", .question()).at("length").integer
        )
        let keys = resident.model.decoder.makeCache().byteCount(growingTo: length)
        let rows = 4 * 144 * shape.layers * shape.heads * shape.tokens
        let asked: [(path: String, members: [String: JSONValue], needed: Int)] = [
            ("/v1/activations", site, keys + states),
            ("/v1/attention", ["attention": ["tower": "vision", "heads": "all", "columns": "all"]], rows),
        ]
        for (path, members, needed) in asked {
            #expect(try #require(try await estimate(path, members).at("peak_bytes").integer) > needed)
            for missing in [0, 1] {
                var service = ServiceConfiguration()
                service.memoryBudget = needed - missing
                let api = try TestAPI(service)
                let answer = try await api.post(path, .question(members: members))
                #expect(answer.status == (missing > 0 ? 503 : 200), "\(path), \(missing)")
                let message = try answer.json["error"]?["message"]?.string
                #expect(missing == 0 || message?.contains("need \(needed) bytes") == true, "\(message ?? "none")")
                let body = JSONValue.question(members: members.merging(["route": .string(path)]) { $1 })
                #expect(try await api.success("/v1/estimate", body).at("fits") == .bool(missing == 0))
                await api.server.shutdown()
            }
        }
        let wrong = try await TestAPI.shared.get().post(
            "/v1/estimate",
            .question(members: ["route": "/v1/activations", "sites": ["vision.blocks.99.resid.post"]])
        )
        #expect(wrong.status == 422)
    }

    @Test("a study's predicted rows are those that it reports")
    func rows() async throws {
        let members: [String: JSONValue] = [
            "sweep": ["preset": "from-layer", "knockouts": ["img->txt"]], "max_tokens": 0,
        ]
        let predicted = try await estimate("/v1/knockout", members)
        #expect(try predicted.at("runs") == 9)
        let run = try await TestAPI.shared.get().success("/v1/knockout", .question(members: members))
        let rows = try #require(try run.at("cost.rows").integer)
        // The baseline may find its prompt kept from an earlier request; the study counts it in full as well.
        #expect(try predicted.at("rows").integer == rows)
    }

    @Test("less work is predicted to take less")
    func order() async throws {
        let short = try #require(try await estimate("/v1/chat/completions", ["max_tokens": 2]).at("seconds").number)
        let long = try #require(try await estimate("/v1/chat/completions", ["max_tokens": 60]).at("seconds").number)
        #expect(short < long)
    }

    @Test("an estimate says that it counts answers in full")
    func assumptions() async throws {
        let answer = try await estimate("/v1/chat/completions", ["max_tokens": 33])
        #expect(try answer.at("assumes.answer_tokens") == 33)
        #expect(try answer.at("assumes.note").string?.contains("max_tokens") == true)
        #expect(try await estimate("/v1/logit-lens").at("assumes.answer_tokens") == 0)
    }

    @Test("gradients are counted: every step there and back, and the two ends")
    func gradients() async throws {
        func estimate(_ gradients: JSONValue) async throws -> JSONValue {
            try await self.estimate("/v1/gradients", ["gradients": gradients])
        }
        let one = try await estimate(["method": "gradient"])
        let length = try #require(try one.at("gradient_rows").integer)
        let fifty = try await estimate(.object([:]))
        #expect(try fifty.at("gradient_rows").integer == 52 * length)
        #expect(try await estimate(["rule": "trapezoid", "steps": 4]).at("gradient_rows").integer == 7 * length)
        let (few, many) = (try #require(try one.at("seconds").number), try #require(try fifty.at("seconds").number))
        #expect(many > 10 * few)
        let plain = try await self.estimate("/v1/chat/completions", ["max_tokens": 0])
        let bytes = try #require(try plain.at("peak_bytes").integer)
        #expect(try #require(try fifty.at("peak_bytes").integer) > 2 * bytes)
    }

    @Test("an ablation's gradient sets add their gradients and as many runs as there are sets")
    func gradientSets() async throws {
        var members: [String: JSONValue] = ["counts": [3, 8], "baselines": ["random"], "max_tokens": 0]
        let random = try await estimate("/v1/ablation", members)
        members["baselines"] = ["random", "gradient"]
        let both = try await estimate("/v1/ablation", members)
        #expect(try random.at("runs") == 3 && both.at("runs") == 5)
        #expect(random["gradient_rows"] == nil)
        let gradients = try await estimate("/v1/gradients")
        #expect(try both.at("gradient_rows") == gradients.at("gradient_rows"))
        let seconds = try #require(try both.at("seconds").number)
        #expect(seconds > (try #require(try gradients.at("seconds").number)) / 2)
    }

    @Test("what cannot be estimated is named")
    func errors() async throws {
        let api = try TestAPI.shared.get()
        let unknown = try await api.post("/v1/estimate", .question(members: ["route": "/v1/nothing"]))
        #expect(unknown.status == 422)
        #expect(try unknown.json.at("error.param") == "route")
        #expect(try await api.post("/v1/estimate", .question()).status == 400)
        let blind = JSONValue.question(image: nil, members: ["route": "/v1/gradients"])
        #expect(try await api.post("/v1/estimate", blind).json.at("error.param") == "gradients.positions")
        let beside: [String: JSONValue] = ["attention": ["tower": "vision"], "interventions": ["img->gen"]]
        let tower = JSONValue.question(members: beside.merging(["route": "/v1/attention"]) { $1 })
        #expect(try await api.post("/v1/estimate", tower).json.at("error.param") == "interventions")
    }

    @Test("recorded attention counts as memory of its run")
    func recordedAttention() async throws {
        var service = ServiceConfiguration()
        service.memoryBudget = 16 << 20
        let api = try TestAPI(service)
        for (heads, isHeld) in [("mean", true), ("all", false)] as [(String, Bool)] {
            let members: [String: JSONValue] = [
                "attention": ["heads": .string(heads), "columns": "all"], "max_tokens": 500,
            ]
            let answer = try await api.post("/v1/attention", .question(members: members))
            #expect(answer.status == (isHeld ? 200 : 503))
            let asked = members.merging(["route": "/v1/attention"]) { first, _ in first }
            let estimate = try await api.success("/v1/estimate", .question(members: asked))
            #expect(try estimate.at("fits") == .bool(isHeld))
            guard !isHeld else { continue }
            #expect(try answer.json.at("error.code") == "out_of_memory_estimate")
            let message = try #require(try answer.json.at("error.message").string)
            #expect(message.contains("\(16 << 20) for all"), "\(message)")
        }
        await api.server.shutdown()
    }

    /// A prompt about a picture takes three pages of 64 positions in the embedded model.
    @Test("what the memory does not hold is refused with both numbers, and the estimate says so beforehand")
    func memoryBudget() async throws {
        let page = try TestAPI.shared.get().holder.ready().model.decoder.makeCache().byteCount(growingTo: 64)
        let unshared: JSONValue = ["kind": "head_ablation", "heads": [0]]
        let fits: [(pages: Int, chat: Bool, study: Bool)] = [(2, false, false), (5, true, false), (6, true, true)]
        for (pages, chatFits, studyFits) in fits {
            var service = ServiceConfiguration()
            service.memoryBudget = pages * page
            let api = try TestAPI(service)
            for (path, members, isHeld) in [
                ("/v1/chat/completions", [:], chatFits), ("/v1/attention", [:], chatFits),
                ("/v1/activations", ["sites": ["text.embed"]], chatFits),
                ("/v1/knockout", ["knockouts": [unshared]], studyFits),
                ("/v1/ablation", ["ablations": [["tokens": [0]]]], studyFits),
            ] as [(String, [String: JSONValue], Bool)] {
                let answer = try await api.post(path, .question(members: members))
                let text = String(decoding: answer.body.prefix(300), as: UTF8.self)
                #expect(answer.status == (isHeld ? 200 : 503), "\(pages) pages, \(path): \(text)")
                if !isHeld {
                    #expect(try answer.json.at("error.code") == "out_of_memory_estimate")
                    let message = try #require(try answer.json.at("error.message").string)
                    let needed = ["/v1/knockout", "/v1/ablation"].contains(path) ? 6 : 3
                    // Attention and activations are recorded besides.
                    let isExact = !["/v1/attention", "/v1/activations"].contains(path)
                    #expect(!isExact || message.contains("\(needed * page) bytes"), "\(message)")
                    #expect(message.contains("\(pages * page)"), "\(message)")
                }
                guard EstimateRoute.routes.contains(path) else { continue }
                let asked = members.merging(["route": .string(path)]) { first, _ in first }
                let estimate = try await api.success("/v1/estimate", .question(members: asked))
                #expect(try estimate.at("fits") == .bool(isHeld), "\(pages) pages, \(path)")
                #expect(try estimate.at("limits.bytes").integer == pages * page)
            }
            await api.server.shutdown()
        }
    }

    @Test("a request over the time budget is refused with both numbers")
    func timeBudget() async throws {
        var service = ServiceConfiguration()
        service.timeBudget = 1e-6
        let api = try TestAPI(service)
        for (path, members) in [
            ("/v1/chat/completions", [:]), ("/v1/knockout", ["knockouts": ["img->gen"]]),
        ] as [(String, [String: JSONValue])] {
            let answer = try await api.post(path, .question(members: members))
            #expect(answer.status == 503)
            #expect(try answer.json.at("error.code") == "time_budget_exceeded")
            #expect(try answer.json.at("error.message").string?.contains("seconds") == true)
        }
        let answer = try await api.success("/v1/estimate", .question(members: ["route": "/v1/chat/completions"]))
        #expect(try answer.at("fits") == false)
        await api.server.shutdown()
    }

    @Test("gradients over the time budget are refused where the prompt alone would not be")
    func gradientBudget() async throws {
        let plain = try #require(try await estimate("/v1/chat/completions", ["max_tokens": 0]).at("seconds").number)
        let many: [String: JSONValue] = ["gradients": ["steps": 1000]]
        let long = try #require(try await estimate("/v1/gradients", many).at("seconds").number)
        var service = ServiceConfiguration()
        // Far from both, whatever this server measures.
        service.timeBudget = (plain * long).squareRoot()
        let api = try TestAPI(service)
        #expect(try await api.post("/v1/chat/completions", .question(members: ["max_tokens": 0])).status == 200)
        let study = many.merging(["counts": [2], "baselines": ["gradient"], "max_tokens": 0]) { $1 }
        for (path, members) in [("/v1/gradients", many), ("/v1/ablation", study)] {
            let answer = try await api.post(path, .question(members: members))
            #expect(answer.status == 503)
            #expect(try answer.json.at("error.code") == "time_budget_exceeded")
            let message = try #require(try answer.json.at("error.message").string)
            let numbers = message.split { !$0.isNumber && $0 != "." }.compactMap { Double($0) }
            #expect(message.contains("steps") && numbers.count == 2 && numbers[0] > numbers[1], "\(message)")
            let body = JSONValue.question(members: members.merging(["route": .string(path)]) { $1 })
            #expect(try await api.success("/v1/estimate", body).at("fits") == false)
        }
        await api.server.shutdown()
    }
}
