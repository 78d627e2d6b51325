extension PixelMask {
    /// The pixels of a `width × height` picture whose centres lie in a box; a box too thin for that selects the pixels it
    /// touches.
    public init(filling box: Box, width: Int, height: Int) throws(ImageError) {
        guard box.corners.allSatisfy(\.isFinite), box.x0 <= box.x1, box.y0 <= box.y1 else {
            throw .invalidSelection("box \(box.corners) must be [x0, y0, x1, y1] with x0 <= x1 and y0 <= y1")
        }
        let columns = Self.pixels(box.x0, box.x1, count: width)
        let rows = Self.pixels(box.y0, box.y1, count: height)
        guard !columns.isEmpty, !rows.isEmpty else {
            throw .invalidSelection("box \(box.corners) lies outside its picture of \(width)x\(height) pixels")
        }
        var flags = [Bool](repeating: false, count: width * height)
        for row in rows {
            for column in columns { flags[row * width + column] = true }
        }
        self.init(width: width, height: height, isSelected: flags)
    }

    /// The pixels of a `width × height` picture whose centres lie in a polygon (even–odd rule).
    public init(filling points: [Point], width: Int, height: Int) throws(ImageError) {
        let polygon = try Polygon(points)
        var flags = [Bool](repeating: false, count: width * height)
        for row in 0..<height {
            let crossings = polygon.crossings(y: Double(row) + 0.5).sorted()
            for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                let first = max(0, (crossings[pair] - 0.5).rounded(.up))
                let end = min(Double(width), (crossings[pair + 1] - 0.5).rounded(.up))
                guard first < end else { continue }
                for column in Int(first)..<Int(end) { flags[row * width + column] = true }
            }
        }
        guard flags.contains(true) else {
            throw .invalidSelection("the polygon covers no pixel's centre of its picture of \(width)x\(height) pixels")
        }
        self.init(width: width, height: height, isSelected: flags)
    }

    /// How many pixels are selected.
    public var count: Int { isSelected.count { $0 } }

    /// The smallest box around all selected pixels; `nil` if there is none.
    public var bounds: Box? {
        let selected = isSelected.indices.filter { isSelected[$0] }
        guard let first = selected.first, let last = selected.last else { return nil }
        let columns = selected.map { $0 % width }
        return Box(
            x0: Double(columns.min() ?? 0),
            y0: Double(first / width),
            x1: Double((columns.max() ?? 0) + 1),
            y1: Double(last / width + 1)
        )
    }

    /// Whether a selected pixel's centre lies within `distance` of that of the pixel (x, y).
    public func isSelected(within distance: Double, ofX x: Int, y: Int) -> Bool {
        let reach = Int(min(distance, Double(width + height)))
        for row in max(0, y - reach)...min(height - 1, y + reach) {
            let dy = Double(row - y)
            let dx = Int(max(0, distance * distance - dy * dy).squareRoot().clamped(to: Double(width)))
            let columns = max(0, x - dx)...min(width - 1, x + dx)
            if isSelected[row * width + columns.lowerBound...row * width + columns.upperBound].contains(true) {
                return true
            }
        }
        return false
    }

    // MARK: - Private

    private static func pixels(_ low: Double, _ high: Double, count: Int) -> Range<Int> {
        func clipped(_ value: Double) -> Int { Int(min(max(value, 0), Double(count))) }
        let centers =
            clipped(
                (low - 0.5).rounded(.up)
            )..<max(clipped((low - 0.5).rounded(.up)), clipped((high - 0.5).rounded(.up)))
        return centers.isEmpty ? clipped(low.rounded(.down))..<clipped(high.rounded(.up)) : centers
    }
}

extension Double {
    fileprivate func clamped(to limit: Double) -> Double { Swift.min(self, limit) }
}
