using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

namespace RufusIngest.Simulators;

/// <summary>
/// RFID Ultra lines: twelve comma fields, LF, seconds since 1980 on the box's own wall clock and unpadded milliseconds.
/// </summary>
internal static class UltraFrames
{
    private const int LongestLine = 160;

    // The UHF reader's own time and a downhill start time, as boxes that have neither send them.
    private const string NoOtherTimes = "0000000000000000,0";
    private static readonly DateTime Epoch = new(1980, 1, 1, 0, 0, 0, DateTimeKind.Unspecified);

    /// <summary>What the box says to a new client: the time of the last record it sent, 0 for none.</summary>
    public static void WriteGreeting(IBufferWriter<byte> writer, DateTime? lastSentLocal)
    {
        var seconds = lastSentLocal is { } last ? Seconds(last) : 0;
        var span = writer.GetSpan(LongestLine);
        _ = Utf8.TryWrite(span, CultureInfo.InvariantCulture, $"Connected,{seconds}\n", out var length);
        writer.Advance(length);
    }

    /// <summary>Chip "0" on antenna 0 is the trigger input.</summary>
    public static void WriteRecord(
        IBufferWriter<byte> writer,
        string chip,
        DateTime local,
        int antenna,
        int rssi,
        bool rewound,
        int reader,
        int box,
        int logId)
    {
        var flag = rewound ? 1 : 0;
        var span = writer.GetSpan(LongestLine);
        _ = Utf8.TryWrite(
            span,
            CultureInfo.InvariantCulture,
            $"0,{chip},{Seconds(local)},{local.Millisecond},{antenna},{rssi},{flag},{reader},{box},{NoOtherTimes},",
            out var length);
        _ = Utf8.TryWrite(span[length..], CultureInfo.InvariantCulture, $"{logId}\n", out var end);
        writer.Advance(length + end);
    }

    /// <summary>Every fifteenth notice is the status line, the others give a battery that slowly empties.</summary>
    public static void WriteNotice(IBufferWriter<byte> writer, int number)
    {
        if (number % 15 == 14)
        {
            writer.Write("S=10\n"u8);
            return;
        }

        var volts = 25.6m - (number * 0.0002m);
        var span = writer.GetSpan(LongestLine);
        _ = Utf8.TryWrite(span, CultureInfo.InvariantCulture, $"V={volts:F4}\n", out var length);
        writer.Advance(length);
    }

    private static long Seconds(DateTime local) => (local.Ticks - Epoch.Ticks) / TimeSpan.TicksPerSecond;
}
