using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>What an Ultra says between its records.</summary>
static class UltraStatus
{
    /// <summary>Takes a line that is a control only; <see cref="RejectReason.UnknownFrame"/> for every other line.</summary>
    /// <param name="line">The line, at least one byte.</param>
    /// <param name="position">Where it begins in the source.</param>
    /// <param name="control">Whole only when nothing was wrong.</param>
    public static RejectReason Take(ReadOnlySpan<byte> line, int position, ref ControlRecord control)
    {
        ControlKind kind;
        long number = 0;
        RejectReason reason = RejectReason.None;
        int greeting = line.IndexOf("Connected,"u8);
        int colon = line.IndexOf((byte)':');
        if (greeting == 0 || (greeting == 2 && HasRecordType(line)))
        {
            kind = ControlKind.Greeting;
            number = NumberOrZero(line[(greeting + 10)..]);
        }
        else if (line.StartsWith("V="u8))
        {
            kind = ControlKind.KeepAlive;
            reason = TryMillivolts(line[2..], out number) ? reason : RejectReason.BadNumber;
        }
        else if (line[0] is (byte)'U' or (byte)'u' || (line.StartsWith("S="u8) && line.Length > 2))
        {
            kind = ControlKind.Status;
            number = line[0] == 'S' ? NumberOrZero(line[2..]) : 0;
        }
        else if (colon is 1 or 2 && AsciiNumber.TryUnsigned(line[..colon], out _))
        {
            kind = ControlKind.Clock;
            reason = TryClock(line, out number) ? reason : RejectReason.BadTime;
        }
        else
        {
            return RejectReason.UnknownFrame;
        }

        control = new ControlRecord(kind, number, position, line.Length);
        return reason;
    }

    static bool HasRecordType(ReadOnlySpan<byte> line) => line[0] is (byte)'0' or (byte)'1' && line[1] == ',';

    static long NumberOrZero(ReadOnlySpan<byte> text) => AsciiNumber.TryUnsigned(text, out long number) ? number : 0;

    /// <summary><c>25.0000</c>, cut off at a millivolt.</summary>
    static bool TryMillivolts(ReadOnlySpan<byte> text, out long millivolts)
    {
        bool good = AsciiNumber.TryTake(ref text, out int volts);
        millivolts = volts * 1000L;
        if (!good || text.IsEmpty)
            return good;
        if (text[0] != '.' || text.Length == 1 || text[1..].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            return false;
        int unit = 1000;
        foreach (byte b in text.Length > 4 ? text[1..4] : text[1..])
            millivolts += (b - '0') * (unit /= 10);
        return true;
    }

    /// <summary><c>H:m:s d-M-yyyy (n)</c>, the parts not padded; the meaning of n is not known and it may be absent.</summary>
    static bool TryClock(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        return TryPart(ref text, ':', out int hour) && TryPart(ref text, ':', out int minute)
            && TryPart(ref text, ' ', out int second) && TryPart(ref text, '-', out int day)
            && TryPart(ref text, '-', out int month) && AsciiNumber.TryTake(ref text, out int year)
            && (text.IsEmpty || text[0] == ' ')
            && EpochTime.TryFromParts(year, month, day, hour, minute, second, out ticks);
    }

    static bool TryPart(ref ReadOnlySpan<byte> text, char end, out int value)
    {
        if (!AsciiNumber.TryTake(ref text, out value) || text.IsEmpty || text[0] != end)
            return false;
        text = text[1..];
        return true;
    }
}
