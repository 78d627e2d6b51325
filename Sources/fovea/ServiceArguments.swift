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
            "Seconds that a request may be predicted to take, such as 0.5; longer ones are refused. Default: any.",
            valueName: "seconds"
        )
    )
    var timeBudget: Double?

    @Option(
        help: ArgumentHelp(
            "MiB that keys, values and recordings of running requests may take; a request that needs more is refused.",
            discussion: "Default: most of what the machine has left once the model is loaded.",
            valueName: "mib"
        )
    )
    var memoryBudget: Int?

    @Option(help: ArgumentHelp("Compressed contexts to keep at most. Default: 64.", valueName: "n"))
    var maxContexts: Int?

    @Option(help: ArgumentHelp("Bytes of all compressed contexts at most. Default: 1073741824.", valueName: "bytes"))
    var contextBytes: Int?

    @Option(help: ArgumentHelp("Seconds that a context lives unasked. Default: 3600.", valueName: "seconds"))
    var contextTTL: Int?

    @Option(
        help: ArgumentHelp(
            "Bytes that answered requests may leave for later ones: keys and values of prompts, embeddings of pictures.",
            discussion: "0 keeps nothing. Default: 16 full contexts, at most a quarter of the memory that is left.",
            valueName: "n"
        )
    )
    var cacheBytes: Int?

    /// The configuration that the options and the environment give.
    func configuration() throws -> ServiceConfiguration {
        var configuration = ServiceConfiguration()
        configuration.externalJudge = try judge()
        configuration.timeBudget = try Environment.number(timeBudget, "time-budget", in: 0.001...1e9)
        let mebibytes = try Environment.integer(memoryBudget, "memory-budget", in: 1...(1 << 30))
        configuration.memoryBudget = mebibytes.map { $0 << 20 }
        configuration.contexts = try contextLimits()
        configuration.cacheBytes = try Environment.integer(cacheBytes, "cache-bytes", in: 0...(1 << 50))
        return configuration
    }

    // MARK: - Private

    private func contextLimits() throws -> ContextLimits {
        var limits = ContextLimits()
        limits.count = try Environment.integer(maxContexts, "max-contexts", in: 1...1_000_000) ?? limits.count
        limits.bytes = try Environment.integer(contextBytes, "context-bytes", in: 1...(1 << 50)) ?? limits.bytes
        if let seconds = try Environment.integer(contextTTL, "context-ttl", in: 1...31_536_000) {
            limits.timeToLive = .seconds(seconds)
        }
        return limits
    }

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
