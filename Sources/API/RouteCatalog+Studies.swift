extension RouteCatalog {
    /// Routes that run and compare whole studies.
    static func studies(_ holder: ModelHolder) -> [RouteEntry] {
        [
            .post(
                "/v1/judge",
                "studies",
                "Which tangible objects two texts share",
                body: .json("Judge"),
                answer: .json("Judgement")
            ) {
                try await JudgeRoute.answer($0, holder)
            },
            .post(
                "/v1/estimate",
                "studies",
                "What a request would cost, without running it",
                body: .jsonOrForm("Estimate"),
                answer: .json("EstimateAnswer")
            ) {
                try await EstimateRoute.answer($0, holder: holder)
            },
            .post(
                "/v1/ablation",
                "studies",
                "Answers with image tokens replaced",
                body: .jsonOrForm("Ablation"),
                answer: .jsonOrEvents("AblationAnswer")
            ) {
                try await AblationRoute.answer($0, holder: holder)
            },
            .post(
                "/v1/localize",
                "studies",
                "Whether the words for an object look at it",
                body: .jsonOrForm("Localize"),
                answer: .json("LocalizeAnswer")
            ) {
                try await LocalizeRoute.answer($0, holder: holder)
            },
        ]
    }
}
