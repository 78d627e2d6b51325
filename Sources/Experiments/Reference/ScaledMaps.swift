import Imaging

extension LocalizationScorer {
    /// Scores a map that is scaled to 0…1 by its own extremes first, see `ReferenceQuirk.scaledMaps`. A constant map
    /// divides by zero: the largest of values that are no numbers is found at the first pixel.
    func scoreScaled(_ map: [Float]) -> Score? {
        guard let low = map.min(), let high = map.max() else { return nil }
        guard high > low else { return score(peakX: 0, peakY: 0, massInside: 0) }
        return score(map.map { ($0 - low) / (high - low) })
    }
}
