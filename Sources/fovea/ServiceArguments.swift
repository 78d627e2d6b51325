import API
import ArgumentParser
import Experiments
import Foundation

/// What the server's owner decides about model requests.
struct ServiceArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Base URL of an OpenAI-compatible API that judges answers, such as http://127.0.0.1:11434/v1.",
            discussion: "Default: none; only the lexical judge.",
            valueName: "url"
        )
    )
    var judgeURL: String?

    @Option(help: ArgumentHelp("Key that the judge wants as a bearer token. Default: none.", valueName: "key"))
    var judgeKey: String?

    @Option(help: ArgumentHelp("Model that the judge's API is asked for.", valueName: "name"))
    var judgeModel: String?

    @Option(
        help: ArgumentHelp(
            "Seconds that a request may be predicted to take; longer ones are refused. Default: any.",
            valueName: "seconds"
        )
    )
    var timeBudget: Int?

    @Option(
        help: ArgumentHelp(
            "MiB that keys and values of running requests may take together; a request that needs more is refused.",
            discussion: "Default: most of what the machine has left once the model is loaded.",
            valueName: "mib"
        )
    )
    var memoryBudget: Int?

    /// The configuration that the options and the environment give.
    func configuration() throws -> ServiceConfiguration {
        var configuration = ServiceConfiguration()
        configuration.externalJudge = try judge()
        if let seconds = try Environment.integer(timeBudget, "time-budget") {
            guard seconds > 0 else { throw ValidationError("--time-budget is \(seconds); it must be positive") }
            configuration.timeBudget = Double(seconds)
        }
        if let mebibytes = try Environment.integer(memoryBudget, "memory-budget") {
            guard (1...1 << 30).contains(mebibytes) else {
                throw ValidationError("--memory-budget is \(mebibytes); it must lie in 1…\(1 << 30)")
            }
            configuration.memoryBudget = mebibytes << 20
        }
        return configuration
    }

    // MARK: - Private

    private func judge() throws -> ExternalJudge.Configuration? {
        guard let text = Environment.value(judgeURL, "judge-url") else { return nil }
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
            url.host() != nil
        else { throw ValidationError("--judge-url is \"\(text)\"; it must be an http or https URL") }
        guard let model = Environment.value(judgeModel, "judge-model") else {
            throw ValidationError("--judge-url needs --judge-model, the model that the judge's API is asked for")
        }
        return ExternalJudge.Configuration(url: url, key: Environment.value(judgeKey, "judge-key"), model: model)
    }
}
