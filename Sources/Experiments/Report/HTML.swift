import Foundation

/// Text and numbers as HTML and SVG take them.
enum HTML {
    /// Text without characters that mean something in markup.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }

    /// A number with a fixed count of decimals, the same in every locale.
    static func number(_ value: Double, digits: Int) -> String {
        let text = String(format: "%.\(digits)f", locale: nil, value)
        return text.contains { ("1"..."9").contains($0) } ? text : text.replacingOccurrences(of: "-", with: "")
    }
}
