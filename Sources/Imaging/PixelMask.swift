/// A selection of single pixels.
public struct PixelMask: Sendable, Equatable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `[height, width]`, row-major.
    public let isSelected: [Bool]

    /// Wraps flags that the caller has made; there must be `height * width` of them.
    public init(width: Int, height: Int, isSelected: [Bool]) {
        precondition(width > 0 && height > 0 && isSelected.count == width * height, "flags do not fill the mask")
        self.width = width
        self.height = height
        self.isSelected = isSelected
    }

    /// True if a selected pixel overlaps the box, which lies within the mask and has area.
    func hasSelection(in box: Box) -> Bool {
        let columns = Int(box.x0)..<Int(box.x1.rounded(.up))
        return (Int(box.y0)..<Int(box.y1.rounded(.up))).contains { row in
            isSelected[row * width + columns.lowerBound..<row * width + columns.upperBound].contains(true)
        }
    }
}
