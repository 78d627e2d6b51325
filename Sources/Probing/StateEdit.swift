public import Models
import Tensors

/// A change of the values at one site of the decoder, at some positions.
public struct StateEdit: Sendable, Equatable {
    /// What becomes of a row.
    public enum Change: Sendable, Equatable {
        /// It becomes these numbers.
        case fill([Float])
        /// It becomes the numbers of its position.
        case rows([Int: [Float]])
        /// Columns become zero.
        case zero([Range<Int>])
        /// `weight` times its projection on a unit vector is subtracted; where that is `onlyPositive`, from those rows
        /// alone whose projection is positive.
        case project(unit: [Float], weight: Float, onlyPositive: Bool)
    }

    /// Where.
    public let site: DecoderSite
    /// At which positions.
    public let positions: PositionSet
    /// What happens there.
    public let change: Change

    /// A change at positions that are known by number.
    public init(site: DecoderSite, positions: PositionSet, change: Change) {
        self.site = site
        self.positions = positions
        self.change = change
    }

    /// P1's ablation: the input embeddings at prompt positions become `embedding`, once, at prefill.
    public static func embeddings(_ positions: [Int], become embedding: [Float]) -> StateEdit {
        let set = PositionSet(length: (positions.max() ?? -1) + 1, positions: positions)
        return StateEdit(site: .embedding, positions: set, change: .fill(embedding))
    }

    /// The block whose computation it changes: for what enters or leaves a block, that block.
    var firstAffectedLayer: Int { site.layer ?? 0 }

    /// Changes the wanted ones of a step's rows `[range, width]`.
    func apply(to values: Matrix, positions range: Range<Int>) {
        for position in range where positions.contains(position) {
            values.withRow(position - range.lowerBound) { row in
                switch change {
                case .fill(let numbers): _ = row.update(fromContentsOf: numbers)
                case .rows(let rows): if let numbers = rows[position] { _ = row.update(fromContentsOf: numbers) }
                case .zero(let columns): for column in columns.joined() { row[column] = 0 }
                case .project(let unit, let weight, let onlyPositive):
                    let projection = zip(row, unit).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                    guard projection > 0 || !onlyPositive else { return }
                    let length = Double(weight) * projection
                    for column in row.indices { row[column] -= Float(length * Double(unit[column])) }
                }
            }
        }
    }
}
