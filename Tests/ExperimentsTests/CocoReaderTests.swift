import Experiments
import Foundation
import Imaging
import Testing

@Suite struct CocoReaderTests {
    private static let image = #"{"id":7,"file_name":"a.png","width":6,"height":4}"#
    private static let box = #""bbox":[1,1,3,2]"#

    private static func file(
        images: String = image,
        annotations: String = "",
        categories: String = #"{"id":3,"name":"Red Cup"}"#
    ) -> String {
        #"{"images":[\#(images)],"annotations":[\#(annotations)],"categories":[\#(categories)]}"#
    }

    private static func annotation(_ members: String, image: Int = 7, category: Int = 3) -> String {
        #"{"id":1,"image_id":\#(image),"category_id":\#(category),\#(members)}"#
    }

    private func read(_ text: String) throws -> PictureDataset {
        try CocoReader.read(Data(text.utf8), named: "coco.json")
    }

    private func mask(_ members: String) throws -> PixelMask {
        let picture = try read(Self.file(annotations: Self.annotation(members))).pictures[0]
        return try picture.mask(of: picture.objects[0])
    }

    @Test func objectsComeWithTheirWordsAndBoxes() throws {
        let members = #""bbox":[1,1,3,2],"area":5,"attributes":{"size":"Small","n":2}"#
        let picture = try read(Self.file(annotations: Self.annotation(members))).pictures[0]
        #expect((picture.id, picture.file, picture.width, picture.height) == (7, "a.png", 6, 4))
        let object = try #require(picture.objects.first)
        #expect(object.annotation.className == "Red Cup")
        #expect(object.annotation.box == Box(x0: 1, y0: 1, x1: 4, y1: 3))
        #expect(object.annotation.area == 5)
        #expect(object.classWords == ["red", "cup"] && object.attributeWords == ["small"])
    }

    @Test func everyFormOfSegmentationSelectsTheSamePixels() throws {
        let expected = try PixelMask(filling: Box(x0: 1, y0: 1, x1: 4, y1: 3), width: 6, height: 4)
        #expect(try mask(Self.box) == expected)
        #expect(try mask(Self.box + #","segmentation":[]"#) == expected)
        #expect(try mask(Self.box + #","segmentation":[[1,1,4,1,4,3,1,3]]"#) == expected)
        #expect(try mask(Self.box + #","segmentation":[[1,1,2,1,2,3,1,3],[2,1,4,1,4,3,2,3]]"#) == expected)
        // A polygon between pixels' centres leaves the box.
        #expect(try mask(Self.box + #","segmentation":[[1,1,1.1,1,1.1,1.1]]"#) == expected)
        let runs = [5, 2, 2, 2, 2, 2, 9]
        #expect(try mask(Self.box + #","segmentation":{"size":[4,6],"counts":\#(runs)}"#) == expected)
        // 5 2 2, then differences to the run before the last: 0 0 0 7.
        #expect(try mask(Self.box + #","segmentation":{"size":[4,6],"counts":"5220007"}"#) == expected)
    }

    @Test func crowdsAreLeftOutAndClassesThatOccurTwiceAreNotSingle() throws {
        let crowd = Self.annotation(Self.box + #","iscrowd":1"#)
        let own = Self.annotation(Self.box + #","iscrowd":0"#)
        #expect(try read(Self.file(annotations: crowd + "," + own)).pictures[0].singleObjects.count == 1)
        let twice = try read(Self.file(annotations: own + "," + own)).pictures[0]
        #expect(twice.objects.count == 2 && twice.singleObjects.isEmpty)
    }

    @Test(arguments: [
        ("[]", "must hold an object"),
        ("{", "invalid JSON"),
        (#"{"images":[],"annotations":[]}"#, "categories: is missing"),
        (file(images: ""), "images: holds no picture"),
        (file(images: #"{"id":7,"file_name":"a.png","width":6,"height":0}"#), "images[0].height: is 0"),
        (file(images: #"{"id":7,"file_name":"a.png","width":9999999,"height":2}"#), "images[0].width: is 9999999"),
        (file(images: #"{"id":7,"file_name":"../a.png","width":6,"height":4}"#), #"images[0].file_name: "../a.png""#),
        (file(images: image + "," + image), "images[1].id: 7 is another"),
        (file(categories: #"{"id":3,"name":"a"},{"id":3,"name":"b"}"#), "categories[1].id: 3 is another"),
        (file(annotations: annotation(box, image: 8)), "annotations[0].image_id: is 8"),
        (file(annotations: annotation(box, category: 4)), "annotations[0].category_id: is 4"),
        (file(annotations: annotation(#""bbox":[1,2,3]"#)), "annotations[0].bbox: must hold 4 numbers, not 3"),
        (file(annotations: annotation(#""bbox":[9,1,3,2]"#)), "annotations[0].bbox: is [9.0, 1.0, 3.0, 2.0]"),
        (file(annotations: annotation(#""bbox":[1,1,-3,2]"#)), "annotations[0].bbox: is [1.0, 1.0, -3.0, 2.0]"),
        (file(annotations: annotation(box + #","iscrowd":2"#)), "annotations[0].iscrowd: is 2"),
        (file(annotations: annotation(box + #","segmentation":[[1,1,2,2]]"#)), "segmentation[0]: holds 4 numbers"),
        (
            file(annotations: annotation(box + #","segmentation":{"size":[6,4],"counts":[24]}"#)),
            "segmentation.size: is [6, 4]"
        ),
        (
            file(annotations: annotation(box + #","segmentation":{"size":[4,6],"counts":[23]}"#)),
            "segmentation.counts: holds runs of 23 pixels; the picture has 24"
        ),
        (
            file(annotations: annotation(box + #","segmentation":{"size":[4,6],"counts":[9223372036854775807,9]}"#)),
            "segmentation.counts: holds runs over"
        ),
        (
            file(annotations: annotation(box + #","segmentation":{"size":[4,6],"counts":"~"}"#)),
            "segmentation.counts: is no list of packed runs"
        ),
    ])
    func anErrorNamesFileAndField(text: String, problem: String) {
        let error = #expect(throws: DatasetError.self) { try read(text) }
        let message = error?.description ?? ""
        #expect(message.hasPrefix("coco.json: ") && message.contains(problem), "\(message)")
    }

    @Test func aFileThatIsNotThereIsNamed() {
        let error = #expect(throws: DatasetError.self) {
            try CocoReader.read(URL(fileURLWithPath: "/nowhere/coco.json"))
        }
        #expect(error?.description == "/nowhere/coco.json: cannot be read; is the path right?")
    }
}
