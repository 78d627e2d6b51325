/// Colours for values from 0 to 1.
public enum Colormap: String, Sendable, Codable, CaseIterable {
    /// Dark violet to yellow, perceptually uniform (van der Walt and Smith 2015).
    case viridis
    /// Black over red to pale yellow, perceptually uniform (van der Walt and Smith 2015).
    case inferno
    /// Blue over green to red, for detail (Mikhailov 2019).
    case turbo
    /// Black to white.
    case gray

    /// The colour of a value; values outside 0…1 take the nearest end, NaN the lower one.
    public func color(_ value: Float) -> (red: UInt8, green: UInt8, blue: UInt8) {
        let clamped = value > 0 ? min(value, 1) : 0
        let position = clamped * Float(anchors.count - 1)
        let index = min(Int(position), anchors.count - 2)
        let fraction = position - Float(index)
        func channel(_ shift: UInt32) -> UInt8 {
            let low = Float((anchors[index] >> shift) & 0xFF)
            let high = Float((anchors[index + 1] >> shift) & 0xFF)
            return UInt8((low + (high - low) * fraction).rounded())
        }
        return (channel(16), channel(8), channel(0))
    }

    // MARK: - Private

    /// Colours at equal steps, between which straight lines stay within 5 of 255 of the published tables.
    private var anchors: [UInt32] {
        switch self {
        case .viridis: Self.viridisAnchors
        case .inferno: Self.infernoAnchors
        case .turbo: Self.turboAnchors
        case .gray: [0x000000, 0xFFFFFF]
        }
    }

    private static let viridisAnchors: [UInt32] = [
        0x440154, 0x470D60, 0x48186A, 0x482374, 0x472D7B, 0x453781, 0x424086, 0x3E4989,
        0x3B528B, 0x375B8D, 0x33638D, 0x2F6B8E, 0x2C728E, 0x297A8E, 0x26828E, 0x23898E,
        0x21918C, 0x1F988B, 0x1FA088, 0x22A785, 0x28AE80, 0x32B67A, 0x3FBC73, 0x4EC36B,
        0x5EC962, 0x70CF57, 0x84D44B, 0x98D83E, 0xADDC30, 0xC2DF23, 0xD8E219, 0xECE51B,
        0xFDE725,
    ]

    private static let infernoAnchors: [UInt32] = [
        0x000004, 0x040312, 0x0B0724, 0x150B37, 0x210C4A, 0x2F0A5B, 0x3D0965, 0x4A0C6B,
        0x57106E, 0x64156E, 0x71196E, 0x7D1E6D, 0x8A226A, 0x972766, 0xA32C61, 0xB0315B,
        0xBC3754, 0xC73E4C, 0xD24644, 0xDB503B, 0xE45A31, 0xEB6628, 0xF1731D, 0xF68013,
        0xF98E09, 0xFB9D07, 0xFCAC11, 0xFBBC21, 0xF9CB35, 0xF5DB4C, 0xF2EA69, 0xF3F68A,
        0xFCFFA4,
    ]

    private static let turboAnchors: [UInt32] = [
        0x30123B, 0x392A73, 0x4040A2, 0x4456C7, 0x466BE3, 0x4680F6, 0x4294FF, 0x37A8FA,
        0x28BCEB, 0x1CCDD8, 0x18DDC2, 0x1FE9AF, 0x32F298, 0x4EF97D, 0x6DFE62, 0x8BFF4B,
        0xA4FC3C, 0xB9F635, 0xCDEC34, 0xDFDF37, 0xEECF3A, 0xF8BE39, 0xFDAC34, 0xFE962B,
        0xFB7E21, 0xF46617, 0xEB500E, 0xDF3F08, 0xD02F05, 0xBE2102, 0xA91601, 0x920B01,
        0x7A0403,
    ]
}
