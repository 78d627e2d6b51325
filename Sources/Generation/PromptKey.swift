import Models
import Tensors

/// What decides the keys and values of a sequence's positions: its tokens and what its pictures look like to the
/// decoder.
///
/// Pictures are compared by the bits of their embeddings, so that nothing but the same picture, preprocessed the same
/// way, is taken for the same.
struct PromptKey: Sendable {
    /// Vocabulary id of every position.
    let ids: [Int]
    /// Positions and embeddings of each picture, in order of position.
    let images: [(positions: Range<Int>, embeddings: Matrix)]

    init(ids: [Int], images: [(positions: Range<Int>, embeddings: Matrix)]) {
        self.ids = ids
        self.images = images
    }

    /// The key of a prompt and some tokens that were generated behind it.
    init(_ prompt: PreparedPrompt, generated: [Int] = []) {
        ids = prompt.ids + generated
        images = zip(prompt.layout.images, prompt.images).map { ($0.positions, $1) }
    }

    var count: Int { ids.count }

    /// The first `count` positions.
    func prefix(_ count: Int) -> PromptKey {
        PromptKey(ids: Array(ids.prefix(count)), images: images.filter { $0.positions.lowerBound < count })
    }

    /// Positions, from the first one on, in which both are the same.
    func commonPrefix(_ other: PromptKey) -> Int {
        let common = zip(ids, other.ids).prefix { $0 == $1 }.count
        var (mine, theirs) = (images[...], other.images[...])
        while let start = [mine.first, theirs.first].compactMap({ $0?.positions.lowerBound }).min(), start < common {
            guard let image = mine.popFirst(), let match = theirs.popFirst(), image.positions == match.positions else {
                return start
            }
            let rows = image.embeddings.commonRows(match.embeddings)
            if rows < image.positions.count { return min(common, start + rows) }
        }
        return common
    }
}
