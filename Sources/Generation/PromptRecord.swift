import Models
public import Probing
import Tensors

/// Where a run that differs from another by some changes begins to compute.
struct JoinPoint: Hashable, Sendable {
    /// The first block; the number of blocks where the head alone is left to do.
    var layer: Int
    /// The first prompt position.
    var position: Int
}

/// What a baseline keeps for its variants: keys and values of the prompt, and residual states where they join.
public struct PromptRecord: Sendable {
    /// Keys and values of the prompt's positions.
    let cache: KeyValueCache
    /// Residual states by layer.
    let states: [Int: ResidualRecord.Layer]

    /// The latest point at or before `point` whose states are here; the embeddings can always be made again.
    func reachable(_ point: JoinPoint) -> JoinPoint {
        let layers = states.filter { $0.key <= point.layer && $0.value.first <= point.position }.keys
        return JoinPoint(layer: layers.max() ?? 0, position: point.position)
    }
}

extension GenerationRequest {
    /// This run as the baseline of variants that differ from it by `changes`: its result's `promptRecord` is what they
    /// start from. `layers` is the number of the decoder's blocks.
    public func baseline(of changes: [ResolvedInterventions], layers: Int) -> GenerationRequest {
        var baseline = self
        baseline.keepsPromptRecord = true
        baseline.keptStates = [:]
        for change in changes {
            let point = joinPoint(changing: change, layers: layers)
            guard point.layer > 0 else { continue }
            baseline.keptStates[point.layer] = min(baseline.keptStates[point.layer] ?? .max, point.position)
        }
        return baseline
    }

    /// The run that differs from this one by `changes` and shares everything else with it, as far as causality allows:
    /// states of positions and layers before the first change are the baseline's.
    public func variant(_ changes: ResolvedInterventions, of record: PromptRecord, layers: Int) -> GenerationRequest {
        var variant = self
        variant.interventions = interventions + changes
        variant.record = record
        variant.joinPoint = record.reachable(joinPoint(changing: changes, layers: layers))
        return variant
    }

    /// The first position and layer that a run must compute by itself when it differs by `changes` from one whose states
    /// it may take: those that are changed, those that a probe must see, and the last position's final state at least.
    func joinPoint(changing changes: ResolvedInterventions, layers: Int) -> JoinPoint {
        let last = prompt.ids.count - 1
        var point = JoinPoint(layer: layers, position: last)
        func include(_ position: Int?, _ layer: Int?) {
            guard let position, position <= last else { return }
            point.position = min(point.position, position)
            point.layer = min(point.layer, layer ?? 0)
        }
        include(changes.firstAffectedPosition, changes.firstAffectedLayer)
        include(capture?.firstPosition, capture?.firstLayer)
        include(lens?.positions.first, lens?.layers.first)
        include(norms?.positions.first, 0)
        include(states?.firstPosition, states?.firstLayer)
        for (layer, position) in keptStates { include(position, layer) }
        return point
    }
}
