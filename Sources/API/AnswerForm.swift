import HTTPCore
import Probing
import WebServer

/// The media type of an answer that is not streamed.
enum AnswerForm: String, CaseIterable {
    case json = "application/json"
    case npz = "application/x-npz"
    case png = "image/png"

    /// What the Accept header prefers of the forms on offer. One that allows none of them is answered in JSON all the same
    /// (RFC 9110 §12.5.1), unless it asks for arrays or pictures by name: to take JSON for these would be a mistake.
    init(_ request: ServerRequest, offered: [AnswerForm]) throws(ProbeError) {
        let accepted = request.acceptedTypes
        let types = [Self.json.rawValue, "text/event-stream"] + offered.map(\.rawValue)
        let preferred = accepted.preferred(among: types)
        if preferred == nil, let lacking = accepted.wanted.first(where: Self.isArrayOrPicture) {
            let forms = offered.map(\.rawValue).joined(separator: ", ")
            throw .unsupported("Accept", "this route does not answer as \(lacking.prefix(200)); accept \(forms)")
        }
        self = preferred.flatMap { AnswerForm(rawValue: $0) } ?? .json
    }

    private static func isArrayOrPicture(_ type: String) -> Bool {
        type == npz.rawValue || type == "text/csv" || type.hasPrefix("image/")
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
