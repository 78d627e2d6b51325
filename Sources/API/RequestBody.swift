import Foundation
import HTTPCore
import HTTPTypes
import JSON
import Probing
import WebServer

/// Brings a body to one form: JSON as it is, a form as the chat body that it stands for.
enum RequestBody {
    static func read(_ request: ServerRequest, images: ImageStore) throws -> JSONValue {
        guard let type = request.contentType, type.essence == "multipart/form-data" else { return try json(request) }
        return try chatBody(of: MultipartForm(request.body, contentType: type), images: images)
    }

    /// The body as a JSON object; the router has checked its media type.
    static func json(_ request: ServerRequest) throws -> JSONValue {
        guard !request.body.isEmpty else { throw HTTPError.badRequest("The body is empty; send a JSON object") }
        let value = try JSONValue(parsing: request.body)
        guard value.object != nil else {
            throw HTTPError.badRequest("The body must be a JSON object, not \(value.kind)")
        }
        return value
    }

    // MARK: - Private

    /// Fields whose text is never JSON.
    private static let texts: Set<String> = [
        "model", "encoding", "judge", "phrase", "select", "class", "task", "route",
    ]

    /// `image` parts and `prompt` become one user message; every other part is a member of the body, JSON where it
    /// parses as such.
    private static func chatBody(of form: MultipartForm, images: ImageStore) throws -> JSONValue {
        var fields: [String: JSONValue] = [:]
        var content: [JSONValue] = []
        var prompt: String?
        for part in form.parts {
            switch part.name {
            case "image": content.append(try image(part, images))
            case "prompt": prompt = try text(part)
            default: fields[part.name] = try value(part)
            }
        }
        guard fields["messages"] == nil else {
            guard prompt == nil, content.isEmpty else {
                throw ProbeError.invalid("messages", "excludes the form fields prompt and image; send one or the other")
            }
            return .object(fields)
        }
        guard let prompt else { throw ProbeError.invalid("prompt", "is missing; send it as a form field") }
        content.append(["type": "text", "text": .string(prompt)])
        fields["messages"] = [["role": "user", "content": .array(content)]]
        return .object(fields)
    }

    /// A file's bytes, or the text that an image url may be.
    private static func image(_ part: MultipartPart, _ images: ImageStore) throws -> JSONValue {
        if part.filename == nil, let url = String(validating: part.body, as: UTF8.self) {
            return ["type": "image_url", "image_url": ["url": .string(url)]]
        }
        let picture = try ImageSource.add(part.body, to: images, path: "image")
        return ["type": "image_url", "image_url": ["url": .string(picture.id)]]
    }

    private static func value(_ part: MultipartPart) throws -> JSONValue {
        if !texts.contains(part.name), let value = try? JSONValue(parsing: part.body) { return value }
        return .string(try text(part))
    }

    private static func text(_ part: MultipartPart) throws(ProbeError) -> String {
        guard let text = String(validating: part.body, as: UTF8.self) else {
            throw .invalid(part.name, "is not valid UTF-8")
        }
        return text
    }
}
