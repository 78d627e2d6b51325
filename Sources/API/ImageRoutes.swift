import Foundation
import HTTPCore
import HTTPTypes
import Imaging
import JSON
import Probing
import WebServer

/// `POST /v1/images` and `GET /v1/images/{id}`: pictures to refer to by id.
enum ImageRoutes {
    static func add(_ request: ServerRequest, _ holder: ModelHolder) async throws -> ServerResponse {
        let store = try holder.ready().images
        let picture = try await WorkQueue.run {
            try ImageSource.add(try bytes(request), to: store, path: "image")
        }
        let value: JSONValue = [
            "image_id": .string(picture.id),
            "width": .integer(picture.width),
            "height": .integer(picture.height),
            "format": .string(picture.format.rawValue),
        ]
        return .json(value.serialized())
    }

    static func get(_ request: ServerRequest, _ holder: ModelHolder) throws -> ServerResponse {
        let id = request.pathParameters["id"] ?? ""
        guard let picture = try holder.ready().images.picture(id) else {
            throw HTTPError(
                status: .notFound,
                code: "image_not_found",
                message: "No picture \"\(id)\" is kept; send it to /v1/images"
            )
        }
        return .bytes(picture.bytes, contentType: "image/\(picture.format.rawValue)")
    }

    // MARK: - Private

    private static func bytes(_ request: ServerRequest) throws -> Data {
        guard let type = request.contentType, type.essence == "multipart/form-data" else { return request.body }
        let form = try MultipartForm(request.body, contentType: type)
        guard let part = form.parts.first(where: { $0.name == "image" || $0.name == "file" }) else {
            throw ProbeError.invalid("image", "is missing; send the file as form field \"image\" or as the bare body")
        }
        return part.body
    }
}
