import Foundation
import JSON
import Models
import Testing
import WebServer

@testable import API
@testable import Generation

@Suite("Budgets: what an estimate says is what a route is refused by")
struct BudgetTests {
    /// A body for each route, most with something that has to run before its changes are known.
    private static let bodies: [(route: EstimatedRequest.Route, members: [String: JSONValue])] = [
        (.chat, ["interventions": [top, patch]]), (.layout, [:]), (.attention, ["interventions": [top]]),
        (.attention, ["attention": ["tower": "vision"]]),
        (.attention, ["attention": ["tower": "vision", "rows": ["box": [100, 148, 224, 272]]]]),
        (.knockout, ["knockouts": ["img->gen", top], "sweep": ["knockouts": ["img->txt"], "layers": [[2], [3]]]]),
        (.ablation, ["ablations": [noise], "baselines": ["random", "gradient", "register"]]),
        (.lens, ["interventions": [patch], "lens": ["positions": "generated", "target": "red", "top_k": 2]]),
        (.lens, ["lens": ["positions": "question"]]),
        (.localize, ["phrase": "red circle", "box": [100, 148, 224, 272], "max_tokens": 16, "select": "lost"]),
        (.contexts, ["compress": ["keep": 5]]), (.gradients, ["gradients": ["method": "gradient"]]),
        (.activations, ["sites": ["text.blocks.1.resid.post", "vision.blocks.0.resid.post"]]),
        (.activations, ["sites": ["text.embed"], "positions": "generated"]),
        (.judge, ["reference": "A red circle.", "candidate": "A cat and a red circle."]),
    ]
    private static let top: JSONValue = [
        "kind": "attention_knockout", "from": ["top_attended": 5, "of": "image"], "to": "last", "layers": [3],
    ]
    private static let patch: JSONValue = [
        "kind": "activation_patch", "site": "text.blocks.0.resid.pre", "positions": [1],
        "source": .question(image: .string(Pictures.second)),
    ]
    private static let noise: JSONValue = ["tokens": "image", "replace": "noise", "site": ["layer": 2]]

    /// A server that knows all speeds, so that what it predicts is what any other like it would, until one of them runs.
    private func server(budget: Double? = nil, memory: Int? = nil) throws -> TestAPI {
        var service = ServiceConfiguration()
        service.timeBudget = budget
        service.memoryBudget = memory
        let api = try TestAPI(service)
        let meter = try api.holder.ready().engine.meter
        meter.recordStep(rows: 64, operations: 1e9, seconds: 1)
        meter.recordStep(rows: 1, operations: 1, seconds: 0.1)
        meter.recordPicture(tokens: 100, seconds: 1)
        meter.recordGradients(operations: 1e9, seconds: 1)
        return api
    }

    private func estimate(
        _ route: EstimatedRequest.Route,
        _ body: JSONValue,
        _ api: TestAPI
    ) async throws -> JSONValue {
        let fields = try #require(body.object).merging(["route": .string(route.rawValue)]) { $1 }
        return try await api.success("/v1/estimate", .object(fields))
    }

    private func body(_ route: EstimatedRequest.Route, _ members: [String: JSONValue]) -> JSONValue {
        guard route != .judge else { return .object(members) }
        let image = JSONValue.string(Pictures.example("scene-01.png"))
        return .question("Describe this image.", image: image, members: members)
    }

    @Test("a little less time than predicted is refused before anything runs, a little more is enough")
    func time() async throws {
        #expect(Set(Self.bodies.map(\.route)) == Set(EstimatedRequest.Route.allCases))
        let unlimited = try server()
        for (route, members) in Self.bodies {
            let body = body(route, members)
            let seconds = try #require(try await estimate(route, body, unlimited).at("seconds").number)
            for (factor, runs) in [(0.99, false), (1.01, true)] {
                let api = try server(budget: seconds * factor)
                let before = try await estimate(route, body, api)
                #expect(try before.at("seconds").number == seconds, "\(route)")
                #expect(try before.at("fits") == .bool(runs), "\(route)")
                let answer = try await api.post(route.rawValue, body)
                let text = String(decoding: answer.body.prefix(300), as: UTF8.self)
                #expect(answer.status == (runs ? 200 : 503), "\(route), \(factor): \(text)")
                if !runs {
                    #expect(try answer.json.at("error.code") == "time_budget_exceeded", "\(route)")
                    let message = try #require(try answer.json.at("error.message").string)
                    let numbers = message.split { !$0.isNumber && $0 != "." }.compactMap { Double($0) }
                    #expect(numbers.count == 2 && numbers[0] >= numbers[1], "\(message)")
                    #expect(try api.holder.ready().engine.statistics.steps == 0, "\(route)")
                    // Neither have speeds been measured nor pictures been seen.
                    #expect(try await estimate(route, body, api) == before, "\(route)")
                }
                await api.server.shutdown()
            }
        }
        await unlimited.server.shutdown()
    }

    @Test("a byte less than a route needs is refused before anything runs, that much is enough")
    func memory() async throws {
        for (route, members) in Self.bodies where ![.layout, .judge].contains(route) {
            let body = body(route, members)
            // Keys and values are one thing that must fit, gradients are another.
            var needed = 1
            for _ in 0..<2 {
                let api = try server(memory: needed)
                let answer = try await api.post(route.rawValue, body)
                await api.server.shutdown()
                guard answer.status == 503 else { continue }
                let message = try #require(try answer.json.at("error.message").string)
                needed = try #require(message.split { !$0.isNumber }.compactMap { Int($0) }.first, "\(message)")
            }
            for (bytes, runs) in [(needed - 1, false), (needed, true)] {
                let api = try server(memory: bytes)
                #expect(try await estimate(route, body, api).at("fits") == .bool(runs), "\(route)")
                let answer = try await api.post(route.rawValue, body)
                let text = String(decoding: answer.body.prefix(300), as: UTF8.self)
                #expect(answer.status == (runs ? 200 : 503), "\(route), \(bytes): \(text)")
                if !runs { #expect(try api.holder.ready().engine.statistics.steps == 0, "\(route)") }
                await api.server.shutdown()
            }
        }
    }

    @Test("spans that depend on what the tower makes of a picture are refused by the same budget, and found")
    func registers() async throws {
        let members: [String: JSONValue] = ["ablations": [["tokens": ["register": ["sigma": 1]]]]]
        let body = body(.ablation, members)
        for (budget, status) in [(1e-3, 503), (1e6, 200)] as [(Double, Int)] {
            let api = try server(budget: budget)
            #expect(try await api.post("/v1/ablation", body).status == status)
            let steps = try api.holder.ready().engine.statistics.steps
            #expect((steps > 0) == (status == 200))
            await api.server.shutdown()
        }
    }

    @Test("what spans select once the tower has seen a picture is checked again")
    func registersBesideOthers() async throws {
        func body(_ rows: JSONValue) -> JSONValue {
            self.body(.attention, ["attention": ["rows": rows], "max_tokens": 1])
        }
        let nothing = try server(memory: 1)
        let refusal = try await nothing.post("/v1/attention", body("last")).json.at("error.message").string
        await nothing.server.shutdown()
        let needed = try #require(refusal?.split { !$0.isNumber }.compactMap { Int($0) }.first)
        let api = try server(memory: needed)
        #expect(try await api.post("/v1/attention", body("last")).status == 200)
        #expect(try await api.post("/v1/attention", body(["union": ["last", "image"]])).status == 503)
        await api.server.shutdown()
        let cold = try server(memory: needed)
        let answer = try await cold.post("/v1/attention", body(["union": ["last", ["register": ["sigma": -9]]]]))
        #expect(answer.status == 503)
        #expect(try cold.holder.ready().engine.statistics.steps == 0)
        await cold.server.shutdown()
    }

    @Test("a variant that means nothing is said to, whatever the budget")
    func invalidVariant() async throws {
        let api = try server(budget: 1e-3)
        let knockout: JSONValue = ["kind": "attention_knockout", "from": "image", "to": "last", "layers": [99]]
        let answer = try await api.post("/v1/knockout", body(.knockout, ["knockouts": ["img->gen", knockout]]))
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.param").string?.hasPrefix("knockouts[1]") == true)
        await api.server.shutdown()
    }

    @Test("an answer that is not given does not count against the context")
    func unusedLimit() async throws {
        let api = try TestAPI.shared.get()
        for (route, members) in [
            (.lens, ["lens": ["positions": "question"]]), (.gradients, ["gradients": ["method": "gradient"]]),
            (.activations, ["sites": ["text.embed"]]),
        ] as [(EstimatedRequest.Route, [String: JSONValue])] {
            let body = body(route, members.merging(["max_tokens": 100_000]) { $1 })
            #expect(try await estimate(route, body, api).at("assumes.answer_tokens") == 0)
            _ = try await api.success(route.rawValue, body)
        }
    }

    @Test("a context's recorded attention counts as memory, in its estimate as in its refusal")
    func contexts() async throws {
        let api = try TestAPI.shared.get()
        func bytes(_ select: String) async throws -> Int {
            let body = body(.contexts, ["compress": ["keep": 5, "select": .string(select)], "max_tokens": 500])
            return try #require(try await estimate(.contexts, body, api).at("peak_bytes").integer)
        }
        // A row of each layer on the image tokens for the prompt's end and for every token.
        #expect(try await bytes("generated") - bytes("random") == 501 * 8 * 144 * 4)
    }

    @Test("the limit of a ranking is asked for where something ranks, and names what does")
    func longRankings() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.copyItem(at: TestAPI.model, to: directory)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appendingPathComponent("config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let longer = text.replacingOccurrences(
            of: "\"max_position_embeddings\": 1024",
            with: "\"max_position_embeddings\": 16384"
        )
        #expect(longer != text)
        try Data(longer.utf8).write(to: file)
        let api = try TestAPI(isLoaded: false)
        api.holder.finish(try VisionLanguageModel.load(directory))
        // 40 pictures of 144 tokens, 8 layers and 2000 rows are more than 2^26 numbers.
        let picture: JSONValue = ["type": "image_url", "image_url": ["url": .string(Pictures.first)]]
        let content = Array(repeating: picture, count: 40) + [["type": "text", "text": "describe the images"]]
        var body: [String: JSONValue] = [
            "messages": [["role": "user", "content": .array(content)]], "max_tokens": 2000,
            "route": "/v1/chat/completions",
        ]
        #expect(try await api.success("/v1/estimate", .object(body)).at("runs") == 1)
        body["interventions"] = ["img->gen", Self.top]
        let answer = try await api.post("/v1/estimate", .object(body))
        #expect(answer.status == 422)
        #expect(try answer.json.at("error.param") == "interventions[1]")
        let message = try #require(try answer.json.at("error.message").string)
        #expect(message.contains("\(1 << 26)"), "\(message)")
        await api.server.shutdown()
    }
}
