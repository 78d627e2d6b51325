extension Compute {
    /// The weights of one output of a layer, `[inputs]`, as products see them: those of its panel with the unit vectors,
    /// so that the format does not matter.
    public func row(_ output: Int, of weights: Linear) -> [Float] {
        precondition((0..<weights.outputs).contains(output), "output \(output) of \(weights.outputs)")
        let (layer, column) = weights.panel(of: output)
        var row: [Float] = []
        for start in stride(from: 0, to: weights.inputs, by: unitsAtOnce) {
            let units = Matrix(rows: min(unitsAtOnce, weights.inputs - start), columns: weights.inputs)
            for unit in 0..<units.rows { units[unit, start + unit] = 1 }
            let products = Matrix(rows: units.rows, columns: layer.outputs)
            linear(units, layer, into: products)
            row += (0..<units.rows).map { products[$0, column] }
        }
        return row
    }

    private var unitsAtOnce: Int { 256 }
}
