import Imaging
public import Models
public import Probing

extension PromptPreparer {
    /// What the vision tower computes at some sites, for each picture in order. The tower runs again, also for pictures
    /// whose embeddings are kept.
    public func visionStates(_ images: [PromptImage], sites: [VisionSite]) async throws -> [[VisionSite: [Float]]] {
        try await watch(images, Array(images.indices)) { _, shape in
            VisionCapture(sites, shape: shape)
        } result: {
            $0.values
        }
    }

    /// Rows of the tower's attention, in the order of the plan's. The tower runs again, also for pictures whose embeddings
    /// are kept; `images` are the prompt's in order, and those without rows are left out.
    public func visionAttention(
        _ images: [PromptImage],
        _ plan: VisionAttentionPlan
    ) async throws -> [VisionAttentionRow] {
        try await watch(images, plan.pictures) { picture, _ in
            VisionAttentionCapture(plan, picture: picture)
        } result: {
            $0.rows
        }
        .flatMap { $0 }
    }

    // MARK: - Private

    /// Runs the tower over some of the pictures, each watched by hooks of its own.
    private func watch<Hooks: VisionHooks, Result: Sendable>(
        _ images: [PromptImage],
        _ chosen: [Int],
        hooks: @escaping @Sendable (_ picture: Int, VisionShape) -> Hooks,
        result: @escaping @Sendable (Hooks) -> Result
    ) async throws -> [Result] {
        try await queue.run { cancellation in
            try chosen.map { picture in
                try cancellation.check()
                let source = images[picture]
                let hooks = hooks(picture, self.model.vision.shape)
                do {
                    let image = self.model.preprocessor.prepare(try ImageDecoder.decode(source.bytes).image)
                    _ = self.model.vision.encode(image, hooks: hooks)
                } catch {
                    throw PromptError(
                        code: "invalid_image",
                        parameter: source.path,
                        message: "\(source.path): \(error)"
                    )
                }
                return result(hooks)
            }
        }
    }
}
