import Imaging
import JSON
import Probing

/// Reads COCO's `segmentation`: a list of polygons, or run lengths, plain or packed into a string.
enum OutlineReader {
    private static let maximumPoints = 10_000

    /// The outline of an object of `picture`; `nil` for an empty list, which some data sets write for a box alone.
    static func outline(_ field: ProbeField, in picture: AnnotatedPicture) throws -> ObjectOutline? {
        guard field.value.array == nil else {
            let polygons = try field.elements().map(polygon)
            return polygons.isEmpty ? nil : .polygons(polygons)
        }
        let size = try field.required("size")
        let (height, width) = try size.pair()
        guard height == picture.height, width == picture.width else {
            throw ProbeError.invalid(
                size.path,
                "is [\(height), \(width)], [height, width]; its picture is \(picture.width)x\(picture.height)"
            )
        }
        let counts = try field.required("counts")
        let runs = try counts.value.string.map { try unpacked($0, counts.path) } ?? counts.integers()
        var total = 0
        for run in runs {
            guard run >= 0, run <= width * height - total else {
                throw ProbeError.invalid(counts.path, "holds runs over the picture's \(width * height) pixels")
            }
            total += run
        }
        guard total == width * height else {
            throw ProbeError.invalid(counts.path, "holds runs of \(total) pixels; the picture has \(width * height)")
        }
        return .runs(runs)
    }

    // MARK: - Private

    private static func polygon(_ field: ProbeField) throws -> [Point] {
        let coordinates = try field.elements()
        guard coordinates.count % 2 == 0, (3...maximumPoints).contains(coordinates.count / 2) else {
            throw ProbeError.invalid(
                field.path,
                "holds \(coordinates.count) numbers; a polygon is x, y of 3 to \(maximumPoints) points"
            )
        }
        let numbers = try coordinates.map { try $0.number() }
        return stride(from: 0, to: numbers.count, by: 2).map { Point(x: numbers[$0], y: numbers[$0 + 1]) }
    }

    /// COCO's packed runs: little-endian groups of five bits from character 48 on, the sixth bit saying that more
    /// follow, sign-extended; from the fourth run on the difference to the run before the last.
    private static func unpacked(_ text: String, _ path: String) throws -> [Int] {
        var runs: [Int] = []
        var value = 0
        var shift = 0
        for byte in text.utf8 {
            guard (48..<112).contains(byte), shift < 40 else {
                throw ProbeError.invalid(path, "is no list of packed runs")
            }
            let bits = Int(byte) - 48
            value |= (bits & 31) << shift
            shift += 5
            guard bits & 32 == 0 else { continue }
            if bits & 16 != 0 { value -= 1 << shift }
            runs.append(runs.count > 2 ? value + runs[runs.count - 2] : value)
            (value, shift) = (0, 0)
        }
        guard shift == 0 else { throw ProbeError.invalid(path, "ends inside a packed run") }
        return runs
    }
}
