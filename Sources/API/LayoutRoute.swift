import Generation
import JSON
import Models
import WebServer

/// `POST /v1/layout`: what is where in a prompt, without running the model.
enum LayoutRoute {
    static func answer(_ request: ServerRequest, _ holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder)
        var fields = try await api.layout(for: .layout).fields()
        fields.add(warnings: api.warningsUnstreamed)
        return .json(JSONValue.object(fields).serialized())
    }
}
