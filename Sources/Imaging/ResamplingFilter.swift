internal import Foundation

/// The interpolation kernels of Pillow, with its numbers, as processor files name them.
enum ResamplingFilter: Int, Sendable, CaseIterable, Decodable {
    case nearest = 0
    case lanczos = 1
    case bilinear = 2
    case bicubic = 3
    case box = 4
    case hamming = 5

    /// How far from its centre the kernel reaches, in source pixels at scale 1.
    var support: Double {
        switch self {
        case .nearest: 0
        case .box: 0.5
        case .bilinear, .hamming: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// The kernel's value at a distance within its support.
    func weight(_ distance: Double) -> Double {
        let x = abs(distance)
        switch self {
        case .nearest: return 0
        case .box: return distance > -0.5 && distance <= 0.5 ? 1 : 0
        case .bilinear: return x < 1 ? 1 - x : 0
        case .hamming: return x < 1 ? Self.sinc(x) * (0.54 + 0.46 * cos(.pi * x)) : 0
        case .bicubic: return Self.cubic(x)
        case .lanczos: return distance >= -3 && distance < 3 ? Self.sinc(x) * Self.sinc(x / 3) : 0
        }
    }

    // MARK: - Private

    private static func sinc(_ x: Double) -> Double {
        x == 0 ? 1 : sin(.pi * x) / (.pi * x)
    }

    /// Keys' cubic convolution with a = -0.5 (doi:10.1109/TASSP.1981.1163711).
    private static func cubic(_ x: Double) -> Double {
        let a = -0.5
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    }
}
