public import Generation
public import Models
public import Probing
import Tensors

/// What a pass over a prompt and some dictated tokens left behind, bit for bit.
public struct ForwardRecord: Equatable {
    /// `[layers + 1][position · hidden]`: the residual stream before every layer and after the last.
    public var residuals: [[Float]]
    /// `[position][vocabulary]`.
    public var logits: [[Float]]

    /// Feeds `prompt` in steps of `chunk` positions, then `answer` one token at a time, with `probes` watching.
    public init(
        _ prompt: PreparedPrompt,
        answer: [Int] = [],
        model: VisionLanguageModel,
        chunk: Int = .max,
        probes: ProbeRun? = nil
    ) {
        let decoder = model.decoder
        let hidden = decoder.configuration.hiddenSize
        let length = prompt.ids.count
        let inputs = Matrix(rows: length + answer.count, columns: hidden)
        decoder.embed(prompt.ids + answer, into: inputs)
        for (placement, embeddings) in zip(prompt.layout.images, prompt.images) {
            inputs.rows(placement.positions).copy(from: embeddings)
        }
        let recorder = ResidualRecorder(layers: decoder.configuration.layers, probes: probes)
        let sequence = DecoderSequence(cache: decoder.makeCache(), hooks: recorder)
        logits = []
        while sequence.cache.count < inputs.rows {
            let start = sequence.cache.count
            let count = start < length ? min(chunk, length - start) : 1
            let states = Matrix(rows: count, columns: hidden)
            states.copy(from: inputs.rows(start..<start + count))
            decoder.forward(states, chunks: [DecoderChunk(rows: 0..<count, sequence: sequence)])
            let rows = decoder.logits(states)
            logits += (0..<count).map { rows.row($0) }
        }
        residuals = recorder.residuals
    }

    /// The residual stream of `layer` at the positions below `end`.
    public func residual(layer: Int, before end: Int) -> ArraySlice<Float> {
        residuals[layer].prefix(end * residuals[layer].count / logits.count)
    }
}

/// Passes everything on to probes and keeps the residual stream.
private final class ResidualRecorder: DecoderHooks {
    private(set) var residuals: [[Float]]
    private let probes: ProbeRun?

    init(layers: Int, probes: ProbeRun?) {
        residuals = Array(repeating: [], count: layers + 1)
        self.probes = probes
    }

    func attentionEdits(layer: Int, positions: Range<Int>, keyCount: Int) -> AttentionEdits? {
        probes?.attentionEdits(layer: layer, positions: positions, keyCount: keyCount)
    }

    func wantsPattern(layer: Int, position: Int) -> Bool {
        probes?.wantsPattern(layer: layer, position: position) ?? false
    }

    func receivePattern(_ pattern: AttentionPattern, layer: Int, position: Int) {
        probes?.receivePattern(pattern, layer: layer, position: position)
    }

    func wants(_ site: BlockSite, layer: Int) -> Bool {
        probes?.wants(site, layer: layer) ?? false
    }

    func visit(_ values: Matrix, at site: BlockSite, layer: Int, positions: Range<Int>) {
        probes?.visit(values, at: site, layer: layer, positions: positions)
    }

    func residual(_ states: Matrix, layer: Int, positions: Range<Int>) {
        probes?.residual(states, layer: layer, positions: positions)
        residuals[layer] += states.values
    }
}
