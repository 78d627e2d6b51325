import Models

extension InferenceEngine {
    /// Measured speeds. If nothing has run yet, a short prompt without meaning is run first, so that there are some.
    public func measuredRates() async -> RateMeter.Rates {
        if meter.rates.operationsPerSecond == nil {
            let length = min(64, model.contextLength - 4)
            let tokens = (0..<length).map {
                PromptLayout.Token(
                    position: $0,
                    id: $0 % model.decoder.configuration.vocabularySize,
                    text: "",
                    kind: .template
                )
            }
            let prompt = PreparedPrompt(
                layout: PromptLayout(tokens: tokens, images: []),
                ids: tokens.map(\.id),
                images: [],
                answerPrefix: []
            )
            _ = await result(of: GenerationRequest(prompt: prompt, maxTokens: 4))
        }
        return meter.rates
    }
}
