import HTTPCore
import HTTPTypes
import Probing
import WebServer

/// The media type of an answer that is not streamed.
enum AnswerForm: String, CaseIterable {
    case json = "application/json"
    case npz = "application/x-npz"
    case png = "image/png"

    /// What the Accept header prefers; a form that the route does not offer is an error that names those it does.
    init(_ request: ServerRequest, offered: [AnswerForm]) throws(ProbeError) {
        let types = [Self.json.rawValue, "text/event-stream", Self.npz.rawValue, Self.png.rawValue]
        guard let preferred = request.acceptedTypes.preferred(among: types) else {
            throw Self.refusal("\((request.headers[.accept] ?? "").prefix(200))", offered)
        }
        let form = AnswerForm(rawValue: preferred) ?? .json
        guard offered.contains(form) else { throw Self.refusal(form.rawValue, offered) }
        self = form
    }

    private static func refusal(_ wanted: String, _ offered: [AnswerForm]) -> ProbeError {
        let forms = offered.map(\.rawValue).joined(separator: ", ")
        return .unsupported("Accept", "this route does not answer as \(wanted); accept \(forms)")
    }

    /// Streams are events, whatever else was asked for.
    func check(streams: Bool) throws(ProbeError) {
        guard streams, self != .json else { return }
        throw .unsupported(
            "Accept",
            "a streamed answer cannot be \(rawValue); leave \"stream\" out or accept text/event-stream"
        )
    }
}
