using System.Globalization;
using System.Text;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Readers;

/// <summary>Bytes of a stream, and a read as one short line: what the reader did not say is left out.</summary>
static class ReadText
{
    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary><c>E200 2026-03-07 10:00:00.25 a1 r-5750 h2 n7 d1 s3 p1 ZoneKnown</c>.</summary>
    public static string Show(ChipRead read)
    {
        string kind = read.Kind == ReadKind.Chip ? "" : $"{read.Kind} ";
        string chip = read.Chip.IsEmpty ? "" : $"{read.Chip} ";
        DateTime time = DateTime.UnixEpoch.AddTicks(read.Time);
        return $"{kind}{chip}{time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture)}"
            + Part('a', read.Antenna, 0) + Part('r', read.RssiCentiDbm, ChipRead.NoRssi) + Part('h', read.Hits, 1)
            + Part('n', read.Number, -1) + Part('d', (long)read.Detail, 0) + Part('s', read.SubReader, 0)
            + Part('p', read.Point, 0) + (read.Flags == ReadFlags.None ? "" : $" {read.Flags}");
    }

    static string Part(char name, long value, long absent) => value == absent ? "" : $" {name}{value}";
}
