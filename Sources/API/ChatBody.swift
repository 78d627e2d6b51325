import Generation
import JSON
import Probing
import Tokenization

/// A chat request as it was written: what OpenAI's API takes, and the interventions that every route accepts.
struct ChatBody: Sendable {
    /// The whole body, for the routes that read more of it.
    let root: ProbeField
    let messages: [ChatMessage]
    /// Where each picture comes from, in prompt order, with the path of its field.
    let images: [ProbeField]
    let maxTokens: Int?
    /// The field that set `maxTokens`.
    let maxTokensField: String
    let sampling: SamplingParameters
    let stop: [String]
    let streams: Bool
    let includesUsage: Bool
    let logprobs: Bool
    let topLogprobs: Int
    let interventions: [Intervention]
    let encoding: ArrayEncoding
    /// Fields that nobody reads.
    let warnings: [String]

    /// Reads a body; `extra` are the fields that the route itself reads, `residentModel` the one model there is.
    init(_ root: ProbeField, residentModel: String, extra: [String: KnownFields] = [:]) throws {
        self.root = root
        if let model = try root.member("model")?.string(), model != residentModel {
            throw APIError.modelNotFound(model, resident: residentModel)
        }
        (messages, images) = try ChatMessageReader.read(root.required("messages"))
        let limit = root.member("max_completion_tokens") ?? root.member("max_tokens")
        maxTokens = try Self.count(limit, in: 0...1_000_000)
        maxTokensField = limit?.path ?? "max_tokens"
        sampling = try Self.sampling(root)
        stop = try Self.stop(root.member("stop"))
        streams = try root.member("stream")?.flag() ?? false
        includesUsage = try root.member("stream_options")?.object().member("include_usage")?.flag() ?? false
        logprobs = try root.member("logprobs")?.flag() ?? false
        topLogprobs = try Self.count(root.member("top_logprobs"), in: 0...20) ?? 0
        guard logprobs || topLogprobs == 0 else {
            throw ProbeError.invalid("top_logprobs", "is \(topLogprobs); it needs \"logprobs\": true")
        }
        interventions = try root.member("interventions").map(Intervention.list) ?? []
        encoding = try ArrayEncoding(root)
        if let n = root.member("n"), try n.integer() != 1 {
            throw ProbeError.invalid("n", "is \(try n.integer()); one answer a request is supported")
        }
        warnings = KnownFields.object(KnownFields.chat.merging(extra) { first, _ in first }).warnings(root.value)
    }

    // MARK: - Private

    private static func count(_ field: ProbeField?, in range: ClosedRange<Int>) throws -> Int? {
        guard let field else { return nil }
        let value = try field.integer()
        guard range.contains(value) else {
            throw ProbeError.invalid(field.path, "is \(value); it must lie in \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    private static func number(_ field: ProbeField?, in range: ClosedRange<Double>, default fallback: Double) throws
        -> Double
    {
        guard let field else { return fallback }
        let value = try field.number()
        guard range.contains(value) else {
            throw ProbeError.invalid(field.path, "is \(value); it must lie in \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    private static func sampling(_ root: ProbeField) throws -> SamplingParameters {
        var sampling = SamplingParameters()
        sampling.temperature = try number(root.member("temperature"), in: 0...100, default: 0)
        sampling.topP = try number(root.member("top_p"), in: 0...1, default: 1)
        sampling.minP = try number(root.member("min_p"), in: 0...1, default: 0)
        // -1 turns the filter off in other servers.
        sampling.topK = max(0, try count(root.member("top_k"), in: -1...10_000_000) ?? 0)
        sampling.seed = try root.member("seed").map { UInt64(bitPattern: Int64(try $0.integer())) }
        return sampling
    }

    private static func stop(_ field: ProbeField?) throws -> [String] {
        let strings = try strings(field)
        for text in strings where text.utf8.count > maximumStopBytes {
            throw ProbeError.invalid(
                "stop",
                "has \(text.utf8.count) bytes; a stop string has at most \(maximumStopBytes)"
            )
        }
        return strings
    }

    private static let maximumStopBytes = 256

    private static func strings(_ field: ProbeField?) throws -> [String] {
        guard let field else { return [] }
        if let single = field.value.string { return [single] }
        guard field.value.array != nil else {
            throw ProbeError.invalid(field.path, "must be a string or an array of strings, not \(field.value.kind)")
        }
        let strings = try field.elements().map { try $0.string() }
        guard strings.count <= 16 else {
            throw ProbeError.invalid(field.path, "holds \(strings.count) strings; at most 16 are supported")
        }
        return strings
    }
}
