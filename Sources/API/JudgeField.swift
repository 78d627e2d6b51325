import Experiments
import Probing

extension APIRequest {
    /// The judge that the body asks for; `nil` for none.
    func judge() throws -> Judge? {
        guard let field = chat.root.member("judge") else { return nil }
        return try Judge.read(field, external: resident.externalJudge)
    }
}

extension Judge {
    /// Reads a judge's name; `nil` for `none`. The external one is there only if the server's owner configured it.
    static func read(_ field: ProbeField, external: ExternalJudge?) throws -> Judge? {
        switch try field.string() {
        case "none": return nil
        case "lexical": return .lexical(LexicalJudge())
        case "external":
            guard let external else {
                throw ProbeError.unsupported(
                    field.path,
                    "\"external\" is not configured; start the server with --judge-url and --judge-model, or use \"lexical\""
                )
            }
            return .external(external)
        case let name:
            throw ProbeError.invalid(field.path, "is \"\(name)\"; judges are none, lexical and external")
        }
    }
}
