using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// The mask of a device type that has its own line: a run of one letter is a field, all else stands in the line as it
/// stands in the mask. Immutable.
/// </summary>
/// <remarks>
/// <c>C</c> chip, <c>L</c> number of the passing, <c>@</c> device; <c>Y M D h m s</c> and <c>c</c> (ms) the time, or <c>u</c>
/// Unix seconds. A run of one <c>C</c>, <c>L</c>, <c>@</c> or <c>u</c> goes to the next character of the mask or to the end;
/// longer runs, and those of the time, are as wide as they are written, and blanks that fill them up do not count.
/// </remarks>
sealed class WiclaxMask
{
    const string Letters = "CL@YMDhmscu";

    readonly (byte Letter, int Width)[] _parts; // Letter 0: one character of the mask itself, as the width.

    WiclaxMask((byte Letter, int Width)[] parts)
    {
        _parts = parts;
        ShowsCuts = !IsOpen(parts[^1]) || parts[^1].Letter is (byte)'L' or (byte)'@';
    }

    /// <summary>A line that was cut off does not fit, or fits with the right chip and time.</summary>
    public bool ShowsCuts { get; }

    /// <summary>Reads a mask, such as <c>C,YYYYMMDDhhmmssccc,@</c>.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static WiclaxMask Parse(string mask)
    {
        List<(byte Letter, int Width)> parts = [];
        foreach (char c in mask)
        {
            if (c > '~')
                throw new FormatException($"'{c}' cannot stand in a mask; it is ASCII.");
            bool isField = Letters.Contains(c, StringComparison.Ordinal);
            if (isField && parts.Count > 0 && parts[^1].Letter == c)
                parts[^1] = ((byte)c, parts[^1].Width + 1);
            else
                parts.Add(isField ? ((byte)c, 1) : ((byte)0, c));
        }

        bool Has(char letter, params ReadOnlySpan<int> widths)
        {
            foreach ((byte l, int width) in parts)
            {
                if (l == letter && (widths.IsEmpty || widths.Contains(width)))
                    return true;
            }

            return false;
        }

        if (!Has('C'))
            throw new FormatException("the mask has no chip, C.");
        bool isDated = Has('Y', 4) && Has('M', 2) && Has('D', 2) && Has('h', 2) && Has('m', 2) && Has('s', 2);
        if (!isDated && !Has('u'))
            throw new FormatException("the mask has no time: YYYY, MM, DD, hh, mm and ss are needed, or u.");
        for (int at = 1; at < parts.Count; at++)
        {
            if (IsOpen(parts[at - 1]) && parts[at].Letter != 0)
                throw new FormatException($"behind {(char)parts[at - 1].Letter} a character must show where it ends.");
        }

        return new WiclaxMask([.. parts]);
    }

    static bool IsOpen((byte Letter, int Width) part) =>
        part is (Letter: (byte)'C' or (byte)'L' or (byte)'@' or (byte)'u', Width: 1);

    /// <summary>Reads a line of this mask.</summary>
    public RejectReason Read(in Frame frame, ref ChipRead read)
    {
        ReadOnlySpan<byte> rest = frame.Text;
        Span<int> time = stackalloc int[7]; // Year, month, day, hour, minute, second, ms.
        time.Clear();
        bool isUnix = false;
        RejectReason reason = RejectReason.NoChip;
        for (int at = 0; at < _parts.Length; at++)
        {
            (byte letter, int width) = _parts[at];
            if (letter == 0)
            {
                if (rest.IsEmpty || rest[0] != width)
                    return rest.IsEmpty ? RejectReason.TooFewFields : RejectReason.BadSyntax;
                rest = rest[1..];
                continue;
            }

            if (IsOpen(_parts[at]))
                width = at + 1 < _parts.Length ? rest.IndexOf((byte)_parts[at + 1].Width) : rest.Length;
            if (width < 0 || width > rest.Length)
                return RejectReason.TooFewFields;
            ReadOnlySpan<byte> field = rest[..width].Trim((byte)' ');
            rest = rest[width..];
            switch (letter)
            {
                case (byte)'C':
                    reason = ReadFields.Chip(field, ref read);
                    break;
                case (byte)'L':
                    ReadFields.Number(field, ref read);
                    break;
                case (byte)'@':
                    read.Point = frame.PointOf(field);
                    break;
                case (byte)'u':
                    isUnix = AsciiTime.TryUnix(field, out long ticks);
                    if (!isUnix)
                        return RejectReason.BadTime;
                    read.Time = ticks;
                    read.Flags |= ReadFlags.ZoneKnown;
                    break;
                default:
                    if (!AsciiNumber.TryUnsigned(field, out long value) || value > 9999)
                        return RejectReason.BadTime;
                    time["YMDhmsc".IndexOf((char)letter, StringComparison.Ordinal)] = (int)value;
                    break;
            }
        }

        if (reason != RejectReason.None || isUnix)
            return reason;
        bool good = EpochTime.TryFromParts(time[0], time[1], time[2], time[3], time[4], time[5], out long local);
        read.Time = local + (time[6] * EpochTime.TicksPerMillisecond);
        return good && time[6] < 1000 ? RejectReason.None : RejectReason.BadTime;
    }
}
