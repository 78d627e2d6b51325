import API
import ArgumentParser

/// The command line: one resident model, served, asked or described.
@main
struct FoveaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fovea",
        abstract: "Shows what a vision-language model looks at, and what happens when it may not.",
        discussion: """
            Start the server and open the page it prints, or ask from the command line:

              fovea serve
              fovea generate --image cat.jpg "describe the image"
              fovea inspect --model ~/models/llava-1.5-7b-hf

            --model names a directory in the Hugging Face layout (config.json, safetensors, tokenizer.json). Without it
            the embedded model answers. Every option can also be set as an environment variable: FOVEA_ and its name in
            capitals, so --max-connections is FOVEA_MAX_CONNECTIONS.
            """,
        version: BuildInformation.version,
        subcommands: [
            ServeCommand.self, GenerateCommand.self, InspectCommand.self, ExperimentCommand.self,
            MeanEmbeddingCommand.self, ConvertCommand.self, BenchCommand.self, HealthCommand.self,
        ]
    )
}
