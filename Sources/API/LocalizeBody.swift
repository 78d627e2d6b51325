import Experiments
import Imaging
import JSON
import Models
import Probing

/// What `/v1/localize` reads beside the chat body.
struct LocalizeBody {
    let phrase: String
    let layers: LayerSelector
    let dilation: Double
    let selectsLost: Bool
    private let region: SpanSelector
    private let regionPath: String
    /// Which of the prompt's pictures the object is in.
    let image: Int

    init(_ root: ProbeField) throws {
        let phraseField = try root.required("phrase")
        phrase = try phraseField.string()
        guard phrase.contains(where: { $0.isLetter || $0.isNumber }) else {
            throw ProbeError.invalid("phrase", "is \"\(phrase)\"; it must name an object")
        }
        layers = try root.member("layers").map(LayerSelector.init) ?? .all
        dilation = try root.member("dilate_px")?.number() ?? 40
        guard (0...100_000).contains(dilation) else {
            throw ProbeError.invalid("dilate_px", "is \(dilation); it must lie in 0…100000")
        }
        let select = try root.member("select")?.string() ?? "all"
        guard ["all", "lost"].contains(select) else {
            throw ProbeError.invalid("select", "is \"\(select)\"; selections are all and lost")
        }
        selectsLost = select == "lost"
        let shapes = ["box", "polygon", "mask"].filter { root.member($0) != nil }
        guard shapes.count == 1 else {
            throw ProbeError.invalid(
                "box",
                "say where the object is by one of box, polygon and mask, not by \(shapes.count) of them"
            )
        }
        regionPath = shapes[0]
        image = try root.member("image")?.integer() ?? 0
        let fields = [shapes[0]: root.value[shapes[0]] ?? nil]
        region = try SpanSelector(ProbeField(.object(fields), path: ""))
    }

    /// The picture that the object is in.
    func placement(in layout: PromptLayout) throws(ProbeError) -> ImagePlacement {
        guard layout.images.indices.contains(image) else {
            throw .unsupported("image", "picture \(image) is not in the prompt, which has \(layout.images.count)")
        }
        return layout.images[image]
    }

    /// The object's pixels in the original picture.
    func mask(in geometry: ImageGeometry) throws(ProbeError) -> PixelMask {
        let (width, height) = (geometry.originalWidth, geometry.originalHeight)
        do {
            switch region {
            case .box(let box, _, _): return try PixelMask(filling: box, width: width, height: height)
            case .polygon(let points, _, _): return try PixelMask(filling: points, width: width, height: height)
            case .mask(let mask, _, _): return try mask.checked(width: width, height: height)
            default: preconditionFailure("a region is read from a box, a polygon or a mask")
            }
        } catch {
            throw .unsupported(regionPath, error.description)
        }
    }
}

extension PixelMask {
    /// The mask, if it has its picture's size and selects something.
    fileprivate func checked(width: Int, height: Int) throws(ImageError) -> PixelMask {
        guard self.width == width, self.height == height else {
            throw .invalidSelection(
                "mask is \(self.width)x\(self.height) pixels but its picture is \(width)x\(height); both must have the "
                    + "same size"
            )
        }
        guard count > 0 else { throw .invalidSelection("the mask selects no pixel") }
        return self
    }
}
