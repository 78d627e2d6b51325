import Imaging
import Tensors

/// What decides a picture's embeddings: its bytes, by their name, and how they are brought to the tower's size.
struct PictureKey: Hashable, Sendable {
    let id: String
    let preprocess: Preprocess
}

/// A picture that the vision tower has seen.
struct EncodedPicture: Sendable {
    /// Where its patches lie in the original.
    let geometry: ImageGeometry
    /// Projected embeddings `[tokens, hidden]`.
    let embeddings: Matrix
    /// The L2 norm of each embedding, accumulated in f64.
    let norms: [Float]

    init(geometry: ImageGeometry, embeddings: Matrix) {
        self.geometry = geometry
        self.embeddings = embeddings
        norms = (0..<embeddings.rows).map { row in
            Float(embeddings.row(row).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
        }
    }

    var byteCount: Int { embeddings.rows * embeddings.columns * MemoryLayout<Float>.stride }
}
