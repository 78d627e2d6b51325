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
                    let projection = Self.projection(of: row, on: unit)
                    guard projection > 0 || !onlyPositive else { return }
                    let length = Double(weight) * projection
                    for column in row.indices { row[column] -= Float(length * Double(unit[column])) }
                }
            }
        }
    }

    /// What the change makes of gradients on their way back: the transpose of its derivative at `values`, the rows
    /// `[range, width]` before it.
    ///
    /// What is put in place of a state does not depend on it, so nothing comes through; a projection is its own transpose,
    /// on the rows that it acts on.
    func transposedDerivative(at values: Matrix, positions range: Range<Int>) -> StateEdit {
        let zeros = Change.fill(Array(repeating: 0, count: values.columns))
        return switch change {
        case .fill: StateEdit(site: site, positions: positions, change: zeros)
        case .rows(let rows): StateEdit(site: site, positions: among(range) { rows[$0] != nil }, change: zeros)
        case .zero: self
        case .project(let unit, let weight, let onlyPositive):
            StateEdit(
                site: site,
                positions: among(range) { position in
                    let row = position - range.lowerBound
                    return !onlyPositive || values.withRow(row) { Self.projection(of: $0, on: unit) > 0 }
                },
                change: .project(unit: unit, weight: weight, onlyPositive: false)
            )
        }
    }

    // MARK: - Private

    private static func projection(of row: UnsafeMutableBufferPointer<Float>, on unit: [Float]) -> Double {
        zip(row, unit).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }

    /// Those of its positions within `range` that `isMeant`.
    private func among(_ range: Range<Int>, _ isMeant: (Int) -> Bool) -> PositionSet {
        PositionSet(length: range.upperBound, positions: range.filter { positions.contains($0) && isMeant($0) })
    }
}
