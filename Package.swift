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
let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")

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
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
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
        library("Weights", ["Tensors"]),
        library("Tokenization"),
        .target(
            name: "CImage",
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png16"), .linkedLibrary("webp")]
        ),
        library("Imaging", ["CImage"]),
        library("Models", ["Tensors", "Weights", "Imaging", "Tokenization"]),
        library("Probing", ["Models", "Tensors", "Imaging"]),
        library("Generation", ["Probing", "Models", "Tensors", "Weights", "Imaging", "Tokenization", logging]),

        // The HTTP stack. The two meet only in API.
        library("HTTPCore", [httpTypes]),
        .target(name: "CSystem"),
        library("WebServer", ["HTTPCore", "CSystem", httpTypes, logging, collections]),
        library(
            "API",
            ["WebServer", "HTTPCore", "Generation", "Probing", "Models", "Imaging", "Tokenization", httpTypes, logging]
        ),
        .executableTarget(
            name: "fovea",
            dependencies: ["API", "Generation", "Models", "Weights", "Tensors", argumentParser, logging],
            swiftSettings: strict
        ),

        tests("Tensors", ["CKernels"]),
        tests("Weights", []),
        tests("Tokenization", []),
        tests("Imaging", []),
        tests("HTTPCore", []),
        tests("WebServer", ["HTTPCore"]),
    ]
)
