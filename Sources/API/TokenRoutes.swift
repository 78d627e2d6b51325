import HTTPCore
import JSON
import Models
import Probing
import Tokenization
import WebServer

/// `POST /v1/tokenize` and `POST /v1/detokenize`.
enum TokenRoutes {
    static func tokenize(_ request: ServerRequest, _ holder: ModelHolder) async throws -> ServerResponse {
        let tokenizer = try holder.ready().model.tokenizer
        return try await WorkQueue.run {
            let root = ProbeField(try RequestBody.json(request), path: "")
            let content = try root.required("content").string()
            let addSpecial = try root.member("add_special")?.flag() ?? false
            let tokens = tokenizer.encode(content, addSpecialTokens: addSpecial).map { id -> JSONValue in
                ["id": .integer(id), "piece": .string(tokenizer.piece(id) ?? "")]
            }
            var fields: [String: JSONValue] = ["tokens": .array(tokens)]
            let known: KnownFields = ["content": .value, "add_special": .value]
            fields.add(warnings: known.warnings(root.value))
            return .json(JSONValue.object(fields).serialized())
        }
    }

    static func detokenize(_ request: ServerRequest, _ holder: ModelHolder) async throws -> ServerResponse {
        let tokenizer = try holder.ready().model.tokenizer
        return try await WorkQueue.run {
            let root = ProbeField(try RequestBody.json(request), path: "")
            let ids = try root.required("tokens").elements().map { try id($0, tokenizer) }
            var fields: [String: JSONValue] = ["content": .string(tokenizer.decode(ids, skipSpecialTokens: false))]
            let known: KnownFields = ["tokens": ["id": .value, "piece": .value]]
            fields.add(warnings: known.warnings(root.value))
            return .json(JSONValue.object(fields).serialized())
        }
    }

    // MARK: - Private

    /// An id, or a token as `/v1/tokenize` gives it.
    private static func id(_ field: ProbeField, _ tokenizer: Tokenizer) throws(ProbeError) -> Int {
        let field = field.value.object == nil ? field : try field.required("id")
        let id = try field.integer()
        guard tokenizer.piece(id) != nil else {
            throw .invalid(field.path, "\(id) is no token; ids are below \(tokenizer.vocabularySize)")
        }
        return id
    }
}
