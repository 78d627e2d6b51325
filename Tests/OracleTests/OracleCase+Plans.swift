import Generation
import JSON
import ModelFixtures
import Models
import Probing
import Testing

extension OracleCase {
    /// A random plan's draws on this prompt.
    func plan(seed: UInt64) -> RandomPlan { RandomPlan(seed: seed, prompt: prompt, model: model) }

    /// The next plan of some kinds that means something on this prompt, resolved as a request's is.
    func next(_ plan: inout RandomPlan, of kinds: [String] = Intervention.kinds) async throws -> ResolvedInterventions {
        for _ in 0..<100 {
            do {
                return try await engine.resolve(plan.interventions(of: kinds), on: prompt)
            } catch let error as ProbeError where error.kind == .unsupported {
                continue
            }
        }
        throw OracleError(description: "a hundred plans in a row mean nothing here")
    }

    /// Interventions of every kind that select nothing or change nothing.
    var interventionsWithoutEffect: [ResolvedInterventions] {
        let length = prompt.layout.length
        let all = PositionSet(length: length, positions: 0..<length, generated: true)
        let none = PositionSet(length: length)
        let shape = model.probeShape
        let hidden = model.decoder.configuration.hiddenSize
        let unit = [1] + [Float](repeating: 0, count: hidden - 1)
        return [
            ResolvedInterventions(states: [.embeddings([], become: [])]),
            ResolvedInterventions(states: [StateEdit(site: .block(1, .context), positions: all, change: .zero([]))]),
            ResolvedInterventions(
                states: [
                    StateEdit(
                        site: .block(0, .residualPre),
                        positions: all,
                        change: .project(unit: unit, weight: 0, onlyPositive: false)
                    )
                ]
            ),
            ResolvedInterventions(
                states: [StateEdit(site: .block(0, .mlpOutput), positions: none, change: .fill([0]))]
            ),
            ResolvedInterventions(
                edges: KnockoutMode.allCases.map { mode in
                    EdgeEdit(
                        layers: Array(0..<shape.layers),
                        receivers: all,
                        sources: all,
                        heads: Array(0..<shape.heads),
                        mode: mode,
                        factor: 1
                    )
                }
            ),
        ]
    }

    /// A request with interventions of any kind.
    func request(_ interventions: ResolvedInterventions, of other: PreparedPrompt? = nil, maxTokens: Int)
        -> GenerationRequest
    {
        var request = request(other ?? prompt, maxTokens: maxTokens)
        request.interventions = interventions
        return request
    }
}

/// A test that cannot be set up.
struct OracleError: Error, CustomStringConvertible {
    let description: String
}
