/// A picture on a larger ground of one colour, without the ground's pixels being stored.
struct Canvas {
    let image: RGBImage
    let width: Int
    let height: Int
    /// Columns of ground left of the picture.
    let left: Int
    /// Rows of ground above the picture.
    let top: Int
    let ground: [UInt8]

    /// The picture alone.
    init(_ image: RGBImage) {
        self.image = image
        (width, height, left, top, ground) = (image.width, image.height, 0, 0, [0, 0, 0])
    }

    /// The picture in the middle of a square; an odd pixel of ground goes right or below.
    init(squaring image: RGBImage, ground: [UInt8]) {
        let side = max(image.width, image.height)
        self.image = image
        self.ground = ground
        (width, height) = (side, side)
        (left, top) = ((side - image.width) / 2, (side - image.height) / 2)
    }

    /// True if the row shows nothing of the picture.
    func isGround(row: Int) -> Bool { !(top..<top + image.height ~= row) }

    /// The pixels of a part, `[rows, columns, 3]`.
    func part(columns: Range<Int>, rows: Range<Int>) -> [UInt8] {
        let inside = columns.clamped(to: left..<left + image.width)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(rows.count * columns.count * 3)
        for row in rows {
            guard !isGround(row: row), !inside.isEmpty else {
                appendGround(columns.count, to: &pixels)
                continue
            }
            appendGround(inside.lowerBound - columns.lowerBound, to: &pixels)
            let start = (row - top) * image.width - left
            pixels += image.pixels[3 * (start + inside.lowerBound)..<3 * (start + inside.upperBound)]
            appendGround(columns.upperBound - inside.upperBound, to: &pixels)
        }
        return pixels
    }

    // MARK: - Private

    private func appendGround(_ count: Int, to pixels: inout [UInt8]) {
        for _ in 0..<count { pixels += ground }
    }
}
