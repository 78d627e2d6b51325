// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, swiftSettings: strict)
}

let package = Package(
    name: "Fovea",
    products: [.executable(name: "fovea", targets: ["fovea"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        // The model stack.
        .target(
            name: "CKernels",
            // Kernels at -O0 are 18 times slower: debug builds and tests would be unusable.
            cSettings: [.unsafeFlags(["-O3"], .when(configuration: .debug))]
        ),
        library("Tensors", ["CKernels"]),
        library("Weights", ["JSON", "Tensors"]),
        library("Tokenization", ["JSON"]),
        library("JSON"),
        .target(
            name: "CImage",
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png16"), .linkedLibrary("webp")]
        ),
        library("Imaging", ["CImage"]),
        library("Models", ["JSON", "Tensors", "Weights", "Imaging", "Tokenization"]),
        library("Probing", ["JSON", "Models", "Tensors", "Imaging"]),
        library("Generation", ["Probing", "Models", "Tensors", "Weights", "Imaging", "Tokenization", logging]),

        library("Experiments", ["JSON", "Generation", "Probing", "Models", "Imaging", "Tensors", "Tokenization"]),

        // The HTTP stack. The two meet only in API.
        library("HTTPCore", [httpTypes]),
        .target(name: "CSystem"),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        library("WebServer", ["HTTPCore", "CSystem", httpTypes, logging]),
        library(
            "API",
            [
                "JSON", "COpenSSL", "CZlib", "WebServer", "HTTPCore", "Experiments", "Generation", "Probing", "Models",
                "Imaging", "Tokenization", httpTypes, logging,
            ]
        ),
        // Counts allocations; linked into the program, where its definitions come before the C library's.
        .target(name: "CAllocations"),
        library(
            "Benchmarking",
            [
                "CAllocations", "JSON", "Generation", "Probing", "Models", "Weights", "Tensors", "Imaging",
                "Tokenization",
            ]
        ),
        .executableTarget(
            name: "fovea",
            dependencies: [
                "API", "Benchmarking", "JSON", "Weights", "WebServer", "Experiments", "Generation", "Models", "Imaging",
                "Tokenization", "Tensors", argumentParser,
                logging,
            ],
            resources: [.copy("EmbeddedModel")],
            swiftSettings: strict
        ),

        tests("JSON", []),
        tests("Tensors", ["CKernels"]),
        tests("Weights", ["JSON", "Tensors"]),
        tests("Tokenization", []),
        tests("Imaging", []),
        .target(
            name: "ModelFixtures",
            dependencies: ["JSON", "Models", "Imaging", "Probing", "Generation", "Tensors", "Tokenization"],
            path: "Tests/ModelFixtures",
            swiftSettings: strict
        ),
        tests("Models", ["ModelFixtures", "Generation", "JSON", "Tensors", "Weights", "Imaging", "Tokenization"]),
        tests("Probing", ["ModelFixtures", "JSON", "Models", "Imaging"]),
        tests("Generation", ["ModelFixtures", "Models", "Probing", "Tensors", "Imaging", "Tokenization"]),
        .testTarget(
            name: "OracleTests",
            dependencies: [
                "ModelFixtures", "JSON", "Tensors", "Weights", "Tokenization", "Imaging", "Models", "Probing",
                "Generation",
            ],
            swiftSettings: strict
        ),
        tests("Experiments", ["ModelFixtures", "JSON", "Generation", "Probing", "Models", "Imaging", "Tokenization"]),
        tests("fovea", ["API", argumentParser]),
        tests("Benchmarking", ["CAllocations", "JSON", "Models", "Tensors", "Weights", "Generation"]),
        tests("HTTPCore", [httpTypes]),
        tests("WebServer", ["HTTPCore", httpTypes, logging]),
        tests(
            "API",
            [
                "JSON", "WebServer", "HTTPCore", "Experiments", "Generation", "Probing", "Models", "Imaging",
                "Tokenization", httpTypes, logging,
            ]
        ),
        .testTarget(
            name: "ParityTests",
            dependencies: [
                "ModelFixtures", "JSON", "Tensors", "Weights", "Tokenization", "Imaging", "Models", "Probing",
                "Generation",
            ],
            swiftSettings: strict
        ),
    ]
)
