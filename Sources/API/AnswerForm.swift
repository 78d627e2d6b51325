import HTTPCore
import WebServer

/// The media type of an answer that is not streamed.
enum AnswerForm: String, CaseIterable {
    case json = "application/json"
    case npz = "application/x-npz"
    case png = "image/png"

    /// What the Accept header prefers; a form that the route does not offer is an error that names those it does.
    init(_ request: ServerRequest, offered: [AnswerForm]) throws(HTTPError) {
        let types = [Self.json.rawValue, "text/event-stream", Self.npz.rawValue, Self.png.rawValue]
        let form = request.acceptedTypes.preferred(among: types).flatMap(AnswerForm.init) ?? .json
        guard offered.contains(form) else {
            let forms = offered.map(\.rawValue).joined(separator: ", ")
            throw HTTPError(
                status: .unprocessableContent,
                code: "unsupported_probe",
                message: "Accept: this route does not answer as \(form.rawValue); accept \(forms)",
                parameter: "Accept"
            )
        }
        self = form
    }

    /// Streams are events, whatever else was asked for.
    func check(streams: Bool) throws(HTTPError) {
        guard streams, self != .json else { return }
        throw HTTPError(
            status: .unprocessableContent,
            code: "unsupported_probe",
            message:
                "Accept: a streamed answer cannot be \(rawValue); leave \"stream\" out or accept text/event-stream",
            parameter: "Accept"
        )
    }
}
