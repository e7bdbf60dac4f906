using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

namespace RufusIngest.Simulators;

/// <summary>
/// IPICO's serial protocol as its TCP bridge sends it: ASCII, CRLF, reader-local time to 1/100 s, and a check that is
/// the low byte of the sum of all characters after the two of the header.
/// </summary>
internal static class IpicoFrames
{
    private const int HeaderLength = 2;
    private const int LongestFrame = 128;

    /// <summary>The 36-character read frame of raw mode, without tag data or first/last suffix.</summary>
    public static void WriteRead(IBufferWriter<byte> writer, byte reader, string tag, byte i, byte q, DateTime local)
    {
        var span = writer.GetSpan(LongestFrame);
        _ = Utf8.TryWrite(
            span,
            CultureInfo.InvariantCulture,
            $"aa{reader:x2}{tag}{i:x2}{q:x2}{local:yyMMddHHmmss}{Hundredths(local):x2}",
            out var length);
        Finish(writer, span, length);
    }

    /// <summary>Control frame 2c, the trigger input. The meaning of its last two bytes is not known.</summary>
    public static void WriteGun(IBufferWriter<byte> writer, DateTime local)
    {
        var span = writer.GetSpan(LongestFrame);
        _ = Utf8.TryWrite(
            span,
            CultureInfo.InvariantCulture,
            $"ab000a2c{new Clock(local)}{Hundredths(local):x2}2782",
            out var length);
        Finish(writer, span, length);
    }

    /// <summary>Control frame 02 with the clock. Its last byte, 27 in every capture, is not explained.</summary>
    public static void WriteClock(IBufferWriter<byte> writer, DateTime local)
    {
        var span = writer.GetSpan(LongestFrame);
        _ = Utf8.TryWrite(
            span, CultureInfo.InvariantCulture, $"ab000902{new Clock(local)}{Hundredths(local):x2}27", out var length);
        Finish(writer, span, length);
    }

    /// <summary>Stands between reads on a real line: banner text, and answers to commands of another client.</summary>
    public static void WriteNotice(IBufferWriter<byte> writer, int number, DateTime local)
    {
        switch (number % 4)
        {
            case 0:
                writer.Write("ARM9 Controller for simulated mats v1.4\r\n"u8);
                break;
            case 1:
                WriteClock(writer, local);
                break;
            case 2:
                writer.Write("ab00000121\r\n"u8); // clock set
                break;
            default:
                var span = writer.GetSpan(LongestFrame);
                "ab0002090005"u8.CopyTo(span); // read mode: raw
                Finish(writer, span, 12);
                break;
        }
    }

    private static int Hundredths(DateTime local) => local.Millisecond / 10;

    private static void Finish(IBufferWriter<byte> writer, Span<byte> frame, int length)
    {
        var sum = 0;
        foreach (var character in frame[HeaderLength..length])
        {
            sum += character;
        }

        _ = Utf8.TryWrite(frame[length..], CultureInfo.InvariantCulture, $"{(byte)sum:x2}\r\n", out var tail);
        writer.Advance(length + tail);
    }

    /// <summary>BCD date, day of week and time. Monday is 1; that Sunday is 0 is our guess.</summary>
    private readonly struct Clock(DateTime local) : IUtf8SpanFormattable
    {
        public bool TryFormat(
            Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
            Utf8.TryWrite(
                utf8Destination, provider, $"{local:yyMMdd}{(int)local.DayOfWeek:d2}{local:HHmmss}", out bytesWritten);
    }
}
