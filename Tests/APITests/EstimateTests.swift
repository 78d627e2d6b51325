import Foundation
import JSON
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
        ]
        for route in EstimateRoute.routes {
            let answer = try await estimate(route, members[route] ?? [:])
            #expect(try #require(try answer.at("seconds").number) > 0, "\(route)")
            #expect(try #require(try answer.at("peak_bytes").integer) > 0, "\(route)")
            #expect(try answer.at("fits") == true)
            #expect(answer["warnings"] == nil, "\(route)")
        }
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

    @Test("what cannot be estimated is named")
    func errors() async throws {
        let api = try TestAPI.shared.get()
        let unknown = try await api.post("/v1/estimate", .question(members: ["route": "/v1/nothing"]))
        #expect(unknown.status == 422)
        #expect(try unknown.json.at("error.param") == "route")
        #expect(try await api.post("/v1/estimate", .question()).status == 400)
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
}
