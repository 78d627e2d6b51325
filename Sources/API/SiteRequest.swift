import Models
import Probing

/// What a body asks for: sites and positions.
struct SiteRequest: Sendable {
    /// Sites of the decoder and their fields.
    private(set) var text: [(site: DecoderSite, path: String)] = []
    /// Sites of the vision tower and their fields.
    private(set) var vision: [(site: VisionSite, path: String)] = []
    /// The names of all, in the order of the request.
    private(set) var names: [String] = []
    /// The prompt's last position when absent.
    let positions: SpanSelector

    init(_ root: ProbeField) throws {
        positions = try root.member("positions").map(SpanSelector.init) ?? .named("last")
        let elements = try root.required("sites").elements()
        guard !elements.isEmpty, elements.count <= ActivationsRoute.maximumSites else {
            let limit = ActivationsRoute.maximumSites
            throw ProbeError.invalid("sites", "holds \(elements.count) sites; send 1…\(limit)")
        }
        for element in elements {
            let name = try element.string()
            guard !names.contains(name) else { continue }
            if let site = VisionSite(name: name) {
                vision.append((site, element.path))
            } else {
                text.append((try DecoderSite(element), element.path))
            }
            names.append(name)
        }
    }

    /// Refuses blocks that the tower does not run, and more numbers than one request may keep.
    func checkVision(_ shape: VisionShape, pictures: Int) throws(ProbeError) {
        for (site, path) in vision {
            guard site.layer < shape.layers else {
                throw .unsupported(
                    path,
                    "\"\(site.name)\" is not run; the vision tower has blocks 0…\(shape.layers - 1)"
                )
            }
            guard pictures > 0 else { throw .unsupported(path, "needs a picture; the prompt has none") }
        }
        let numbers = visionNumbers(shape, pictures: pictures)
        guard numbers <= StateCapture.limit else {
            throw .unsupported("sites", "asks for \(numbers) numbers; at most \(StateCapture.limit) are kept")
        }
    }

    /// Numbers that the vision tower's sites hold for some pictures.
    func visionNumbers(_ shape: VisionShape, pictures: Int) -> Int {
        vision.reduce(0) { $0 + pictures * shape.shape($1.site.place).reduce(1, *) }
    }
}
