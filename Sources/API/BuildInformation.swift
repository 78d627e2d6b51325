/// What this program is.
public enum BuildInformation {
    /// The version that the command line and `/metrics` name.
    public static let version = "0.1.0"
}
