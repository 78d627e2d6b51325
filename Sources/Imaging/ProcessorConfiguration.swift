internal import Foundation

/// The image part of a checkpoint's processor file, with the defaults of the class that it names.
struct ProcessorConfiguration: Sendable {
    /// What `size` may say.
    enum TargetSize: Sendable, Equatable {
        /// The shorter side gets this length; the other follows.
        case shortestEdge(Int)
        /// Both sides are given; proportions may change.
        case exact(height: Int, width: Int)
    }

    /// The file that was read, for messages.
    let file: String
    let doResize: Bool
    let size: TargetSize
    let filter: ResamplingFilter
    let doCenterCrop: Bool
    let cropHeight: Int
    let cropWidth: Int
    let doPad: Bool
    /// The factor from bytes to the range that mean and standard deviation refer to; 1 without rescaling.
    let rescaleFactor: Double
    /// Mean of each channel, also the ground of padding.
    let mean: [Double]
    /// Standard deviation of each channel.
    let standardDeviation: [Double]
    let doNormalize: Bool

    /// Reads `processor_config.json` if it has an `image_processor`, else `preprocessor_config.json`.
    init(directory: URL) throws(ImageError) {
        let nested = "processor_config.json"
        let plain = "preprocessor_config.json"
        if let data = try Self.contents(of: nested, in: directory),
            let fields: ProcessorFields = try Self.decode(NestedProcessor.self, from: data, file: nested).imageProcessor
        {
            try self.init(fields, file: nested)
        } else if let data = try Self.contents(of: plain, in: directory) {
            try self.init(try Self.decode(ProcessorFields.self, from: data, file: plain), file: plain)
        } else {
            throw .configuration(
                file: directory.lastPathComponent,
                field: nil,
                reason: "has neither a \(nested) with an \"image_processor\" nor a \(plain); "
                    + "copy one from the checkpoint"
            )
        }
    }

    // MARK: - Private

    private static func contents(of name: String, in directory: URL) throws(ImageError) -> Data? {
        let url = directory.appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let limit = 1 << 20
        do {
            let size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            if size <= limit { return try Data(contentsOf: url) }
        } catch {
            throw .configuration(file: name, field: nil, reason: "cannot be read: \(error.localizedDescription)")
        }
        throw .configuration(file: name, field: nil, reason: "is no processor file: it is larger than \(limit) bytes")
    }

    private static func decode<T: Decodable>(_ type: T.Type, from data: Data, file: String) throws(ImageError) -> T {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            let context =
                switch error {
                case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                    .dataCorrupted(let context):
                    context
                @unknown default: DecodingError.Context(codingPath: [], debugDescription: "cannot be decoded")
                }
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw .configuration(file: file, field: path.isEmpty ? nil : path, reason: context.debugDescription)
        } catch {
            throw .configuration(file: file, field: nil, reason: error.localizedDescription)
        }
    }

    private init(_ fields: ProcessorFields, file: String) throws(ImageError) {
        let type = fields.imageProcessorType ?? fields.featureExtractorType ?? "CLIPImageProcessor"
        guard let family = ProcessorFamily(type: type) else {
            let known = ProcessorFamily.allCases.map(\.rawValue).joined(separator: ", ")
            throw .configuration(
                file: file,
                field: "image_processor_type",
                reason: "names \(type); supported are those of \(known)"
            )
        }
        self.file = file
        doResize = fields.doResize ?? true
        filter = fields.resample ?? .bicubic
        doCenterCrop = fields.doCenterCrop ?? family.cropsByDefault
        doPad = family == .llava && fields.doPad ?? false
        rescaleFactor = fields.doRescale ?? true ? fields.rescaleFactor ?? 1 / 255 : 1
        doNormalize = fields.doNormalize ?? true
        mean = fields.imageMean?.channels ?? family.mean
        standardDeviation = fields.imageStd?.channels ?? family.standardDeviation
        size = try Self.target(fields.size, squares: family == .siglip, file: file)
        guard case .exact(let height, let width) = try Self.target(fields.cropSize, squares: true, file: file) else {
            throw .configuration(file: file, field: "crop_size", reason: "must give \"height\" and \"width\"")
        }
        (cropHeight, cropWidth) = (height, width)
        try checkChannels()
    }

    /// A missing size is 224, as in the classes that the files name.
    private static func target(_ size: SizeField?, squares: Bool, file: String) throws(ImageError) -> TargetSize {
        let target: TargetSize
        switch size ?? .side(224) {
        case .side(let side): target = squares ? .exact(height: side, width: side) : .shortestEdge(side)
        case .shortestEdge(let side): target = .shortestEdge(side)
        case .exact(let height, let width): target = .exact(height: height, width: width)
        }
        let sides =
            switch target {
            case .shortestEdge(let side): [side]
            case .exact(let height, let width): [height, width]
            }
        guard sides.allSatisfy({ 1...16384 ~= $0 }) else {
            throw .configuration(file: file, field: "size", reason: "has \(sides); a side is 1 to 16384 pixels")
        }
        return target
    }

    private func checkChannels() throws(ImageError) {
        guard mean.count == 3 else {
            throw .configuration(file: file, field: "image_mean", reason: "has \(mean.count) values instead of 3")
        }
        guard standardDeviation.count == 3, standardDeviation.allSatisfy({ $0 > 0 }) else {
            throw .configuration(
                file: file,
                field: "image_std",
                reason: "is \(standardDeviation); it must be 3 values above 0"
            )
        }
    }
}
