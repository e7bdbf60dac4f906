using System.Globalization;
using RufusIngest.Reads;

namespace RufusIngest.Tool;

/// <summary>Ticks since 1970 as text.</summary>
static class Times
{
    public static string Utc(long ticks) => Local(ticks) + "Z";

    public static string Local(long ticks) => Format(ticks, "yyyy-MM-ddTHH:mm:ss.fff");

    /// <summary>A read's own time as the reader said it: with date and zone only where it said them.</summary>
    public static string OfReader(in ChipRead read) =>
        (read.Flags & ReadFlags.NoTime) != 0 ? ""
        : (read.Flags & ReadFlags.SinceStart) != 0 ? "+" + Span(read.Time)
        : (read.Flags & ReadFlags.NoDate) != 0 ? Span(read.Time)
        : (read.Flags & ReadFlags.ZoneKnown) != 0 ? Utc(read.Time)
        : Local(read.Time);

    static string Span(long ticks) => new TimeSpan(ticks).ToString(
        ticks < TimeSpan.TicksPerDay ? @"hh\:mm\:ss\.fff" : @"d\.hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);

    static string Format(long ticks, string format) =>
        new DateTime(DateTime.UnixEpoch.Ticks + ticks, DateTimeKind.Utc).ToString(format, CultureInfo.InvariantCulture);
}
