public import Foundation
import Imaging
import JSON
import Probing

/// A data set or a result file that cannot be used: which file, which field, what is wrong with its value.
public struct DatasetError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The file.
    public let file: String
    /// The whole sentence.
    public let description: String

    init(_ file: String, _ problem: String) {
        self.file = file
        description = "\(file): \(problem)"
    }
}

/// Reads COCO's instance annotations (`images`, `annotations`, `categories`); other members are passed over.
public struct CocoReader {
    /// Bytes that a file of annotations may have.
    public static let maximumBytes = 1 << 30
    /// Columns or rows that a picture may have.
    static let maximumSide = ImageLimits.standard.maxSide

    private let file: String
    private var categories: [Int: String] = [:]

    /// Reads and checks a file.
    public static func read(_ url: URL) throws(DatasetError) -> PictureDataset {
        let name = url.path
        guard let size = try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize else {
            throw DatasetError(name, "cannot be read; is the path right?")
        }
        guard size <= maximumBytes else {
            throw DatasetError(name, "has \(size) bytes; a file of annotations may have \(maximumBytes)")
        }
        guard let bytes = FileManager.default.contents(atPath: name) else {
            throw DatasetError(name, "cannot be read; is the path right?")
        }
        return try read(bytes, named: name)
    }

    /// The same from bytes; `name` is what messages call the file.
    public static func read(_ bytes: Data, named name: String) throws(DatasetError) -> PictureDataset {
        do {
            var reader = CocoReader(file: name)
            return try reader.dataset(ProbeField(JSONValue(parsing: bytes), path: ""))
        } catch let error as DatasetError {
            throw error
        } catch {
            throw DatasetError(name, "\(error)")
        }
    }

    // MARK: - Private

    private init(file: String) {
        self.file = file
    }

    private mutating func dataset(_ root: ProbeField) throws -> PictureDataset {
        guard root.value.object != nil else { throw DatasetError(file, "must hold an object, not \(root.value.kind)") }
        for category in try root.required("categories").elements() {
            let id = try category.required("id").integer()
            guard categories.updateValue(try name(category.required("name")), forKey: id) == nil else {
                throw ProbeError.invalid("\(category.path).id", "\(id) is another category's too")
            }
        }
        let pictures = try root.required("images").elements().map(picture)
        var indices: [Int: Int] = [:]
        for (index, picture) in pictures.enumerated() where indices.updateValue(index, forKey: picture.id) != nil {
            throw ProbeError.invalid("images[\(index)].id", "\(picture.id) is another picture's too")
        }
        guard !pictures.isEmpty else { throw ProbeError.invalid("images", "holds no picture") }
        var objects = [[PlacedObject]](repeating: [], count: pictures.count)
        for field in try root.required("annotations").elements() {
            let imageID = try field.required("image_id").integer()
            guard let index = indices[imageID] else {
                throw ProbeError.invalid("\(field.path).image_id", "is \(imageID), which is no picture of this file")
            }
            guard try !isCrowd(field) else { continue }
            objects[index].append(try object(field, in: pictures[index]))
        }
        return PictureDataset(
            pictures: zip(pictures, objects).map { picture, objects in
                AnnotatedPicture(
                    id: picture.id,
                    file: picture.file,
                    width: picture.width,
                    height: picture.height,
                    objects: objects
                )
            }
        )
    }

    private func picture(_ field: ProbeField) throws -> AnnotatedPicture {
        let path = try field.required("file_name")
        let file = try path.string()
        guard !file.isEmpty, !file.hasPrefix("/"), !file.split(separator: "/").contains("..") else {
            throw ProbeError.invalid(path.path, "\"\(file)\" must be a path below the directory of the pictures")
        }
        return AnnotatedPicture(
            id: try field.required("id").integer(),
            file: file,
            width: try side(field.required("width")),
            height: try side(field.required("height"))
        )
    }

    private func side(_ field: ProbeField) throws -> Int {
        let side = try field.integer()
        guard (1...Self.maximumSide).contains(side) else {
            throw ProbeError.invalid(field.path, "is \(side); it must lie in 1…\(Self.maximumSide)")
        }
        return side
    }

    private func name(_ field: ProbeField) throws -> String {
        let name = try field.string()
        guard name.contains(where: \.isLetter) else {
            throw ProbeError.invalid(field.path, "is \"\(name)\"; it must name a class")
        }
        return name
    }

    /// COCO writes 0 and 1.
    private func isCrowd(_ field: ProbeField) throws -> Bool {
        guard let flag = field.member("iscrowd") else { return false }
        let number = try flag.integer()
        guard (0...1).contains(number) else { throw ProbeError.invalid(flag.path, "is \(number); it must be 0 or 1") }
        return number == 1
    }

    private func object(_ field: ProbeField, in picture: AnnotatedPicture) throws -> PlacedObject {
        let category = try field.required("category_id")
        let number = try category.integer()
        guard let className = categories[number] else {
            throw ProbeError.invalid(category.path, "is \(number), which is no category of this file")
        }
        let box = try box(field.required("bbox"), in: picture)
        let outline = try field.member("segmentation").flatMap { try OutlineReader.outline($0, in: picture) }
        let attributes = (field.member("attributes")?.value.object ?? [:]).sorted { $0.key < $1.key }
        let area = try field.member("area")?.number() ?? box.width * box.height
        return PlacedObject(
            id: try field.required("id").integer(),
            annotation: AnnotatedObject(className: className, box: box, area: area),
            classWords: Self.words(className),
            attributeWords: attributes.flatMap { Self.words($0.value.string ?? "") },
            outline: outline
        )
    }

    /// COCO's `[x, y, width, height]`; it must meet its picture.
    private func box(_ field: ProbeField, in picture: AnnotatedPicture) throws -> Box {
        let numbers = try field.numbers(4)
        let box = Box(x0: numbers[0], y0: numbers[1], x1: numbers[0] + numbers[2], y1: numbers[1] + numbers[3])
        let isInside =
            numbers[2] >= 0 && numbers[3] >= 0 && box.x1 >= 0 && box.y1 >= 0 && box.x0 < Double(picture.width)
            && box.y0 < Double(picture.height) && box.corners.allSatisfy(\.isFinite)
        guard isInside else {
            throw ProbeError.invalid(
                field.path,
                "is \(numbers), [x, y, width, height]; it must meet its picture of \(picture.width)x\(picture.height)"
            )
        }
        return box
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }
}
