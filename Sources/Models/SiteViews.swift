import Tensors

/// Shows the values at places within one block to the hooks of the sequences that pass through it.
struct SiteViews {
    let layer: Int
    let chunks: ArraySlice<DecoderChunk>
    let starts: [Int]

    /// Whether any sequence has a hook for `site`.
    func areWanted(at site: BlockSite) -> Bool {
        chunks.contains { $0.sequence.hooks?.wants(site, layer: layer) ?? false }
    }

    /// Lends each sequence that asked for them its rows of `values`.
    func show(_ values: Matrix, at site: BlockSite) {
        for (chunk, start) in zip(chunks, starts) {
            guard let hooks = chunk.sequence.hooks, hooks.wants(site, layer: layer) else { continue }
            let positions = start..<start + chunk.rows.count
            hooks.visit(values.rows(chunk.rows), at: site, layer: layer, positions: positions)
        }
    }
}
