import Experiments
import Generation
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/ablation`: the answer, and the answers when image tokens are replaced.
enum AblationRoute {
    static let fields: [String: KnownFields] = [
        "ablations": .ablation, "baselines": .value, "object": .span, "counts": .value, "seed": .value,
        "replace": .value, "task": .value, "class": .value, "score": .score, "judge": .value,
        "gradients": GradientRoute.knownFields,
    ]

    static let forms: [AnswerForm] = [.json, .npz]

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, forms: forms)
        let reader = try AblationReader(api.chat.root)
        let judge = try api.judge()
        let prompt = try await api.prepare(for: .ablation)
        let grading = Grading(
            tokenizer: api.resident.model.tokenizer,
            score: try await score(api, reader.task),
            judge: judge,
            task: reader.task
        )
        let baseline = try await api.generation(prompt)
        var (sets, warnings) = try reader.sets(in: prompt.layout)
        if reader.baselines.contains(.gradient) {
            let ranking = GradientRanking(api, reader.gradients, interventions: baseline.interventions)
            let ranked = try await ranking.tokens(of: prompt)
            sets = try reader.adding(gradientRanking: ranked, to: sets, prompt.layout)
        }
        var planned: [PlannedVariant] = []
        for set in sets {
            let ablation = try Intervention(set.written)
            planned.append(
                PlannedVariant(
                    name: set.name,
                    written: [set.written.value],
                    interventions: try await api.resolve([ablation], paths: [set.written.path], prompt: prompt),
                    positions: set.positions
                )
            )
        }
        let study = StudyAnswer(api: api, baseline: baseline, variants: planned, grading: grading, warnings: warnings)
        return try await study.response()
    }

    /// What a body would cost on a prompt, whose pictures need not have been seen. The tokens that gradients would choose
    /// are taken to be the picture's first.
    static func plan(
        _ api: APIRequest,
        _ reader: AblationReader,
        _ prompt: PreparedPrompt,
        maxTokens: Int
    ) async throws -> CostPlan {
        var sets = try reader.sets(in: prompt.layout).sets
        var gradients: CostPlan.Gradients?
        if reader.baselines.contains(.gradient) {
            let image = prompt.layout.positions(named: "image") ?? []
            sets = try reader.adding(gradientRanking: image, to: sets, prompt.layout)
            gradients = try api.resident.attributor.plan(reader.gradients, length: prompt.ids.count)
        }
        let variants = try sets.map { (interventions: [try Intervention($0.written)], paths: [$0.written.path]) }
        var plan = try await api.plan(prompt, maxTokens: maxTokens, variants: variants)
        plan.gradients = gradients
        return plan
    }

    // MARK: - Private

    /// What the body scores, else what the task's right answer begins with.
    private static func score(_ api: APIRequest, _ task: AblationTask?) async throws -> ScoreRequest {
        let score = try await ScoreRequest.read(api)
        guard score.targets.isEmpty, let task else { return score }
        let word: String? =
            switch task.kind {
            case .generative: nil
            case .polling: "Yes"
            case .vqa: task.className
            }
        guard let word else { return score }
        let id = try await api.firstTokens([word], paths: ["class"])[0]
        return ScoreRequest(targets: [(text: word, id: id)], topK: score.topK)
    }
}
