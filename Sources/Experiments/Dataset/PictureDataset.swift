import Foundation
public import Imaging

/// Pictures and what is known of them: their objects, or questions with answers.
public struct PictureDataset: Sendable, Equatable {
    /// Pictures in the order of the data set.
    public let pictures: [AnnotatedPicture]

    /// Takes pictures as they are.
    public init(pictures: [AnnotatedPicture]) {
        self.pictures = pictures
    }
}

/// A picture and what is in it.
public struct AnnotatedPicture: Sendable, Equatable {
    /// Its number in the data set; no two pictures share one.
    public let id: Int
    /// Its file, relative to the directory of the pictures.
    public let file: String
    /// Columns; 0 where the data set does not say, which then knows no objects either.
    public let width: Int
    /// Rows; 0 where the data set does not say.
    public let height: Int
    /// Its objects in the order of the file; regions that stand for a crowd are left out.
    public var objects: [PlacedObject] = []
    /// What the data set asks about it.
    public var questions: [YesNoQuestion] = []

    /// The objects whose class no other object of the picture has: those that a class name singles out.
    public var singleObjects: [PlacedObject] {
        let counts = Dictionary(objects.map { ($0.annotation.className, 1) }, uniquingKeysWith: +)
        return objects.filter { counts[$0.annotation.className] == 1 }
    }

    /// The pixels of one of its objects: the segmentation's, or the box's where that covers no pixel's centre.
    public func mask(of object: PlacedObject) throws(ImageError) -> PixelMask {
        if let mask = try object.outline?.mask(width: width, height: height) { return mask }
        return try PixelMask(filling: object.annotation.box, width: width, height: height)
    }
}

/// A question that yes or no answers.
public struct YesNoQuestion: Sendable, Equatable {
    /// What it belongs to, such as `existence`.
    public let task: String
    /// The words.
    public let text: String
    /// Whether yes is right.
    public let isYes: Bool
}

/// An object with its outline and the words that describe it.
public struct PlacedObject: Sendable, Equatable {
    /// Its number in the data set.
    public let id: Int
    /// Class, box and area.
    public let annotation: AnnotatedObject
    /// Lower-case words of its class.
    public let classWords: [String]
    /// Lower-case words of its attributes, where the data set has such.
    public let attributeWords: [String]
    /// Its pixels; `nil` if only its box is known.
    public let outline: ObjectOutline?
}

/// How a data set draws an object.
public enum ObjectOutline: Sendable, Equatable {
    /// Polygons in original pixels; the object is their union.
    case polygons([[Point]])
    /// Lengths of runs outside and inside by turns, column by column from the top left.
    case runs([Int])

    /// The pixels that it covers; `nil` for polygons so small that they hold no pixel's centre.
    public func mask(width: Int, height: Int) throws(ImageError) -> PixelMask? {
        switch self {
        case .runs(let runs): return try Self.mask(runs, width: width, height: height)
        case .polygons(let polygons):
            var flags = [Bool](repeating: false, count: width * height)
            for points in polygons {
                // One part of an object may lie between pixels' centres.
                guard let part = try? PixelMask(filling: points, width: width, height: height) else { continue }
                for (index, isSelected) in part.isSelected.enumerated() where isSelected { flags[index] = true }
            }
            return flags.contains(true) ? PixelMask(width: width, height: height, isSelected: flags) : nil
        }
    }

    // MARK: - Private

    private static func mask(_ runs: [Int], width: Int, height: Int) throws(ImageError) -> PixelMask? {
        var flags = [Bool](repeating: false, count: width * height)
        var position = 0
        for (index, length) in runs.enumerated() {
            guard length >= 0, length <= flags.count - position else {
                throw .invalidSelection("its runs are longer than its picture of \(width)x\(height) pixels")
            }
            if index % 2 == 1 {
                for pixel in position..<position + length {
                    flags[pixel % height * width + pixel / height] = true
                }
            }
            position += length
        }
        return flags.contains(true) ? PixelMask(width: width, height: height, isSelected: flags) : nil
    }
}
