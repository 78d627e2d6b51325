import Imaging
public import Models
import Probing

extension PromptPreparer {
    /// What the vision tower computes at some sites, for each picture in order. The tower runs again, also for pictures
    /// whose embeddings are kept.
    public func visionStates(_ images: [PromptImage], sites: [VisionSite]) async throws -> [[VisionSite: [Float]]] {
        try await queue.run { cancellation in
            try images.map { source in
                try cancellation.check()
                let capture = VisionCapture(sites, shape: self.model.vision.shape)
                do {
                    let image = self.model.preprocessor.prepare(try ImageDecoder.decode(source.bytes).image)
                    _ = self.model.vision.encode(image, hooks: capture)
                } catch {
                    throw PromptError(
                        code: "invalid_image",
                        parameter: source.path,
                        message: "\(source.path): \(error)"
                    )
                }
                return capture.values
            }
        }
    }
}
