internal import CImage

/// Resizes pictures exactly as Pillow 13 does: in two passes, with rounding to 8 bits between them.
struct Resampler {
    let filter: ResamplingFilter

    /// The part `columns × rows` of what the canvas would be at `width × height`; `[rows, columns, 3]`.
    ///
    /// An output pixel does not depend on the others, so pixels that a crop throws away are never computed: a picture
    /// of 10000x1 brought to 336 rows would otherwise have three million columns.
    func resize(_ canvas: Canvas, width: Int, height: Int, columns: Range<Int>, rows: Range<Int>) -> [UInt8] {
        let horizontal = ResamplingTaps(from: canvas.width, to: width, window: columns, filter: filter)
        let vertical = ResamplingTaps(from: canvas.height, to: height, window: rows, filter: filter)
        // Pillow's rule since version 13 (its pull request 9549); before, the horizontal pass always came first.
        let lost = canvas.height - height
        if lost > 0, lost > 2 * (canvas.width - width) {
            let lines = canvas.part(columns: horizontal.sources, rows: vertical.sources)
            let lowered = applyVertical(vertical, to: lines, width: horizontal.sources.count)
            return applyHorizontal(horizontal, to: lowered, rows: rows.count)
        }
        let narrowed = applyHorizontal(horizontal, to: canvas, rows: vertical.sources)
        return applyVertical(vertical, to: narrowed, width: columns.count)
    }

    // MARK: - Private

    /// Lines of `width` pixels, the first being the first that the taps need, to one line for each output.
    private func applyVertical(_ taps: ResamplingTaps, to lines: [UInt8], width: Int) -> [UInt8] {
        let origin = Int32(taps.sources.lowerBound)
        let size = taps.first.count * width * 3
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            taps.withTaps { ci_resample_columns(lines, origin, width * 3, $0, buffer.baseAddress) }
            count = size
        }
    }

    /// Lines of the pixels that the taps need to lines of one pixel for each output.
    private func applyHorizontal(_ taps: ResamplingTaps, to lines: [UInt8], rows: Int) -> [UInt8] {
        let (source, target) = (taps.sources.count * 3, taps.first.count * 3)
        return [UInt8](unsafeUninitializedCapacity: rows * target) { buffer, count in
            lines.withUnsafeBufferPointer { lines in
                guard let input = lines.baseAddress, let output = buffer.baseAddress else { return }
                for row in 0..<rows {
                    taps.withTaps {
                        ci_resample_row(input + row * source, Int32(taps.sources.lowerBound), $0, output + row * target)
                    }
                }
            }
            count = rows * target
        }
    }

    /// As above, row by row from a canvas; rows of ground, which are all alike, are computed once.
    private func applyHorizontal(_ taps: ResamplingTaps, to canvas: Canvas, rows: Range<Int>) -> [UInt8] {
        let sources = taps.sources
        var ground: [UInt8]?
        var narrowed: [UInt8] = []
        narrowed.reserveCapacity(rows.count * taps.first.count * 3)
        for row in rows {
            if let ground, canvas.isGround(row: row) {
                narrowed += ground
                continue
            }
            let line = applyHorizontal(taps, to: canvas.part(columns: sources, rows: row..<row + 1), rows: 1)
            if canvas.isGround(row: row) { ground = line }
            narrowed += line
        }
        return narrowed
    }
}
