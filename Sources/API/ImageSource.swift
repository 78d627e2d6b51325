import Foundation
import Generation
import HTTPCore
import HTTPTypes
import Imaging
import Probing

/// Finds the bytes that an image url stands for: a `data:` URI, an id from `/v1/images`, or bare base64.
enum ImageSource {
    static func resolve(_ field: ProbeField, store: ImageStore) throws -> PromptImage {
        let url = try field.string()
        if url.hasPrefix("img_") {
            guard let picture = store.picture(url) else {
                throw HTTPError.badRequest(
                    "\(field.path): no picture \"\(url)\" is kept; send it again to /v1/images",
                    code: "invalid_image",
                    parameter: field.path
                )
            }
            return PromptImage(id: picture.id, bytes: picture.bytes, path: field.path)
        }
        let lowercase = url.prefix(8).lowercased()
        guard !lowercase.hasPrefix("http:"), !lowercase.hasPrefix("https:") else {
            throw HTTPError(
                status: .forbidden,
                code: "remote_images_disabled",
                message:
                    "\(field.path): this server fetches no remote images; send a data: URI or upload to /v1/images",
                parameter: field.path
            )
        }
        let picture = try add(try decodeBase64(url, path: field.path), to: store, path: field.path)
        return PromptImage(id: picture.id, bytes: picture.bytes, path: field.path)
    }

    /// Keeps a picture, or says what is wrong with it.
    static func add(_ bytes: Data, to store: ImageStore, path: String) throws -> ImageStore.Picture {
        do { return try store.add(bytes) } catch {
            throw HTTPError.badRequest("\(path): \(error)", code: "invalid_image", parameter: path)
        }
    }

    // MARK: - Private

    private static func decodeBase64(_ url: String, path: String) throws -> Data {
        var encoded = Substring(url)
        if url.prefix(5).lowercased() == "data:" {
            guard let comma = url.utf8.firstIndex(of: UInt8(ascii: ",")),
                url[..<comma].lowercased().hasSuffix(";base64")
            else { throw notAnImage(path) }
            encoded = url[url.index(after: comma)...]
        }
        guard let bytes = Data(base64Encoded: String(encoded), options: .ignoreUnknownCharacters), !bytes.isEmpty else {
            throw notAnImage(path)
        }
        return bytes
    }

    private static func notAnImage(_ path: String) -> HTTPError {
        .badRequest(
            "\(path): must be a data: URI with base64, an id from /v1/images, or base64 of an image file",
            code: "invalid_image",
            parameter: path
        )
    }
}
