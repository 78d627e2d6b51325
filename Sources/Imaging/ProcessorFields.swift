/// `processor_config.json`, of which only the image part matters here.
struct NestedProcessor: Decodable {
    let imageProcessor: ProcessorFields?

    private enum CodingKeys: String, CodingKey {
        case imageProcessor = "image_processor"
    }
}

/// The fields of an image processor's file; every one may be missing or null.
struct ProcessorFields: Decodable {
    let imageProcessorType: String?
    let featureExtractorType: String?
    let doResize: Bool?
    let size: SizeField?
    let resample: ResamplingFilter?
    let doCenterCrop: Bool?
    let cropSize: SizeField?
    let doPad: Bool?
    let doRescale: Bool?
    let rescaleFactor: Double?
    let doNormalize: Bool?
    let imageMean: ChannelField?
    let imageStd: ChannelField?

    private enum CodingKeys: String, CodingKey {
        case imageProcessorType = "image_processor_type"
        case featureExtractorType = "feature_extractor_type"
        case doResize = "do_resize"
        case size
        case resample
        case doCenterCrop = "do_center_crop"
        case cropSize = "crop_size"
        case doPad = "do_pad"
        case doRescale = "do_rescale"
        case rescaleFactor = "rescale_factor"
        case doNormalize = "do_normalize"
        case imageMean = "image_mean"
        case imageStd = "image_std"
    }
}

/// A size: a number in older files, named sides in newer ones.
enum SizeField: Decodable {
    case side(Int)
    case shortestEdge(Int)
    case exact(height: Int, width: Int)

    private enum CodingKeys: String, CodingKey {
        case shortestEdge = "shortest_edge"
        case height
        case width
    }

    init(from decoder: any Decoder) throws {
        if let side = try? decoder.singleValueContainer().decode(Int.self) {
            self = .side(side)
            return
        }
        let sides = try decoder.container(keyedBy: CodingKeys.self)
        let edge = try sides.decodeIfPresent(Int.self, forKey: .shortestEdge)
        let height = try sides.decodeIfPresent(Int.self, forKey: .height)
        let width = try sides.decodeIfPresent(Int.self, forKey: .width)
        switch (edge, height, width) {
        case (let edge?, nil, nil): self = .shortestEdge(edge)
        case (nil, let height?, let width?): self = .exact(height: height, width: width)
        default:
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "must give either \"shortest_edge\" or both \"height\" and \"width\""
                )
            )
        }
    }
}

/// A value for each channel; one number stands for all three.
struct ChannelField: Decodable {
    let channels: [Double]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Double.self) {
            channels = [value, value, value]
        } else {
            channels = try container.decode([Double].self)
        }
    }
}

/// The processor classes that are followed, by the start of their names ("Fast" and "Pil" variants included).
enum ProcessorFamily: String, CaseIterable {
    case clip = "CLIP"
    case llava = "Llava"
    case siglip = "Siglip"

    init?(type: String) {
        let endings = ["ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor"]
        guard let family = Self.allCases.first(where: { family in endings.contains { type == family.rawValue + $0 } })
        else { return nil }
        self = family
    }

    var cropsByDefault: Bool { self != .siglip }

    /// CLIP's are the statistics of its training set (Radford et al. 2021); SigLIP maps to -1…1.
    var mean: [Double] { self == .siglip ? [0.5, 0.5, 0.5] : [0.48145466, 0.4578275, 0.40821073] }
    var standardDeviation: [Double] { self == .siglip ? [0.5, 0.5, 0.5] : [0.26862954, 0.26130258, 0.27577711] }
}
