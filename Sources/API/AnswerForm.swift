import HTTPCore
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
        let form = request.acceptedTypes.preferred(among: types).flatMap(AnswerForm.init) ?? .json
        guard offered.contains(form) else {
            let forms = offered.map(\.rawValue).joined(separator: ", ")
            throw .unsupported("Accept", "this route does not answer as \(form.rawValue); accept \(forms)")
        }
        self = form
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
