import Foundation

/// The date format of HTTP (RFC 9110 §5.6.7).
enum HTTPDate {
    /// Such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func string(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var fields = tm()
        gmtime_r(&seconds, &fields)
        let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(fields.tm_wday)]
        let month = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ][Int(fields.tm_mon)]
        let (year, hour, minute, second) = (fields.tm_year + 1900, fields.tm_hour, fields.tm_min, fields.tm_sec)
        return String(
            format: "\(day), %02d \(month) %04d %02d:%02d:%02d GMT",
            fields.tm_mday,
            year,
            hour,
            minute,
            second
        )
    }
}
