import Experiments
import JSON
import Probing

extension APIRequest {
    /// The judge that the body asks for; `nil` for none.
    func judge() throws -> Judge? {
        guard let field = chat.root.member("judge") else { return nil }
        return field.value == "none" ? nil : try Judge.read(field, external: resident.externalJudge, beside: "none, ")
    }
}

extension Judge {
    /// Reads a judge's name, of which the external one is there only if the server's owner configured it; `others` are
    /// words that may stand in its place.
    static func read(_ field: ProbeField, external: ExternalJudge?, beside others: String = "") throws -> Judge {
        switch try field.string() {
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
            throw ProbeError.invalid(field.path, "is \"\(name)\"; judges are \(others)lexical and external")
        }
    }
}
