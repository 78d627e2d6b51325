import Generation
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/localize`: whether the words that name an object look at it.
enum LocalizeRoute {
    static let fields: [String: KnownFields] = [
        "phrase": .value, "box": .value, "polygon": .value, "mask": .value, "image": .value, "layers": .layers,
        "dilate_px": .value, "select": .value, "render": RenderRequest.fields,
    ]

    static let forms = AnswerForm.allCases

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, forms: forms)
        let body = try LocalizeBody(api.chat.root)
        let render = try RenderRequest(api.chat.root.member("render"))
        if api.form == .png { try render.checkWithoutRows() }
        let prompt = try await api.prepare(for: .localize)
        let placement = try body.placement(in: prompt.layout)
        let mask = try await WorkQueue.run { try body.mask(in: placement.geometry) }
        var attention = AttentionRequest()
        attention.layers = body.layers
        var run = try await api.generation(prompt)
        let capture = try run.record(attention, shape: api.resident.model.probeShape)
        let study = LocalizationStudy(api: api, body: body, run: run, placement: placement, layers: capture.layers)
        if api.form == .png {
            let overlay = try Overlay(render, layout: prompt.layout, images: api.images, picture: body.image)
            let drawn = try render.layers(of: capture.layers)
            return try await overlay.answer(try await study.outcome { _ in }.map(of: drawn))
        }
        return try await api.answer(on: prompt.layout) { report in
            try await study.answer(try await study.outcome(report), mask: mask)
        }
    }
}
