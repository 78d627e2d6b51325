public import Foundation

/// Brings a picture to the form a vision tower was trained on, as the checkpoint's processor file says.
///
/// The numbers equal those of transformers' Pillow-backed processors (`CLIPImageProcessorPil`,
/// `LlavaImageProcessorPil`, `SiglipImageProcessorPil`).
public struct ImagePreprocessor: Sendable {
    /// How pictures are brought to the model's size: the processor file's way, or the override.
    public let preprocess: Preprocess

    private let configuration: ProcessorConfiguration
    private let side: Int
    private let patchSize: Int
    /// `[3, 256]`: what each byte becomes in each channel.
    private let normalized: [Float]

    /// Reads the `image_processor` of `processor_config.json`, or `preprocessor_config.json`.
    ///
    /// - Parameters:
    ///   - directory: The checkpoint's folder.
    ///   - override: `crop` or `pad` instead of what the file says; `nil` follows the file.
    ///   - modelImageSize: The side of the vision tower's square input, which the file must lead to.
    ///   - patchSize: The side of one image token's patch, in pixels of the model's picture.
    /// - Throws: ``ImageError/configuration(file:field:reason:)``.
    public init(
        directory: URL,
        override: Preprocess? = nil,
        modelImageSize: Int,
        patchSize: Int
    ) throws(ImageError) {
        precondition(patchSize > 0 && patchSize <= modelImageSize, "a patch lies within the model's picture")
        configuration = try ProcessorConfiguration(directory: directory)
        preprocess = override ?? (configuration.doPad ? .pad : .crop)
        side = modelImageSize
        self.patchSize = patchSize
        normalized = Self.normalizedBytes(configuration)
        guard preprocess != .tiles else {
            throw .configuration(file: configuration.file, field: nil, reason: "describes no tiles; use crop or pad")
        }
        try checkOutputSize()
    }

    /// Resizes, crops or pads, rescales and normalises.
    public func prepare(_ image: RGBImage) -> PreparedImage {
        let canvas = preprocess == .pad ? Canvas(squaring: image, ground: ground) : Canvas(image)
        let fit = Fit(canvas, configuration, side: side)
        let resampler = Resampler(filter: configuration.filter)
        let part = resampler.resize(
            canvas,
            width: fit.width,
            height: fit.height,
            columns: fit.columns,
            rows: fit.rows
        )
        return PreparedImage(pixels: planes(of: part, fit), geometry: geometry(of: canvas, fit))
    }

    // MARK: - Private

    private var ground: [UInt8] {
        configuration.mean.map { UInt8(min(max($0 * 255, 0), 255)) }
    }

    private func checkOutputSize() throws(ImageError) {
        let output: (height: Int, width: Int)
        let field: String
        switch (configuration.doCenterCrop, configuration.doResize, configuration.size) {
        case (true, _, _): (output, field) = ((configuration.cropHeight, configuration.cropWidth), "crop_size")
        case (false, true, .exact(let height, let width)): (output, field) = ((height, width), "size")
        case (false, true, .shortestEdge(let edge)) where preprocess == .pad: (output, field) = ((edge, edge), "size")
        default:
            throw .configuration(
                file: configuration.file,
                field: "do_center_crop",
                reason: "is off, so pictures would not all become \(side)x\(side); turn it on or use pad"
            )
        }
        guard output == (side, side) else {
            throw .configuration(
                file: configuration.file,
                field: field,
                reason: "gives \(output.width)x\(output.height) pixels but the vision tower takes \(side)x\(side)"
            )
        }
    }

    /// Rescaling rounds to single precision before normalising, as numpy does in the reference.
    private static func normalizedBytes(_ configuration: ProcessorConfiguration) -> [Float] {
        (0..<3).flatMap { channel in
            (0..<256).map { byte in
                let value = Float(Double(byte) * configuration.rescaleFactor)
                guard configuration.doNormalize else { return value }
                return (value - Float(configuration.mean[channel])) / Float(configuration.standardDeviation[channel])
            }
        }
    }

    /// Puts the part at its place in the model's picture and separates the channels; what is not covered is black.
    private func planes(of part: [UInt8], _ fit: Fit) -> [Float] {
        var planes = [Float]()
        planes.reserveCapacity(3 * side * side)
        for channel in 0..<3 {
            let table = Array(normalized[channel * 256..<(channel + 1) * 256])
            for y in 0..<side {
                let isCovered = fit.rows.contains(y + fit.top)
                let line = (y + fit.top - fit.rows.lowerBound) * fit.columns.count
                for x in 0..<side {
                    let column = x + fit.left
                    let byte =
                        isCovered && fit.columns.contains(column)
                        ? part[3 * (line + column - fit.columns.lowerBound) + channel] : 0
                    planes.append(table[Int(byte)])
                }
            }
        }
        return planes
    }

    private func geometry(of canvas: Canvas, _ fit: Fit) -> ImageGeometry {
        let scaleX = Double(canvas.width) / Double(fit.width)
        let scaleY = Double(canvas.height) / Double(fit.height)
        let grid = Tile(
            name: "image",
            rows: side / patchSize,
            cols: side / patchSize,
            patchSize: patchSize,
            horizontal: AxisMap(scale: scaleX, offset: Double(fit.left) * scaleX - Double(canvas.left)),
            vertical: AxisMap(scale: scaleY, offset: Double(fit.top) * scaleY - Double(canvas.top))
        )
        return ImageGeometry(
            originalWidth: canvas.image.width,
            originalHeight: canvas.image.height,
            preprocess: preprocess,
            modelHeight: side,
            modelWidth: side,
            tiles: [grid]
        )
    }
}

/// The size a canvas is brought to, and the part of it that the model sees.
private struct Fit {
    let width: Int
    let height: Int
    /// The resized column that becomes the model's first; negative if the resized picture is narrower.
    let left: Int
    /// The resized row that becomes the model's first; negative if the resized picture is lower.
    let top: Int
    /// The resized columns that the model sees.
    let columns: Range<Int>
    /// The resized rows that the model sees.
    let rows: Range<Int>

    init(_ canvas: Canvas, _ configuration: ProcessorConfiguration, side: Int) {
        switch (configuration.doResize, configuration.size) {
        case (false, _):
            (width, height) = (canvas.width, canvas.height)
        case (true, .exact(let height, let width)):
            (self.width, self.height) = (width, height)
        case (true, .shortestEdge(let edge)):
            // The longer side is cut to a whole number, as `int()` does in the reference.
            let long = Int(Double(edge * max(canvas.width, canvas.height)) / Double(min(canvas.width, canvas.height)))
            (width, height) = canvas.width <= canvas.height ? (edge, long) : (long, edge)
        }
        left = (width - side) >> 1  // rounds down, also below zero
        top = (height - side) >> 1
        columns = max(0, left)..<min(width, left + side)
        rows = max(0, top)..<min(height, top + side)
    }
}
