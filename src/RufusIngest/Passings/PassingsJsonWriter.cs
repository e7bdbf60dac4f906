using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using RufusIngest.Reads;

namespace RufusIngest.Passings;

/// <summary>
/// Writes one passing as the API's JSON object: <c>bib</c>, <c>num_passing</c>, <c>timestamp</c> (UTC, milliseconds,
/// truncated), then <c>chip</c> and the position where they are known. Byte for byte what
/// <see cref="System.Text.Json.Utf8JsonWriter"/> with default settings writes. Not thread-safe: it remembers the day.
/// </summary>
sealed class PassingsJsonWriter
{
    /// <summary>Bytes that one item may need beside its bib: names, numbers, a chip of which each byte is escaped.</summary>
    public const int MaxBytesWithoutBib = 512;

    static readonly SearchValues<byte> Unescaped = SearchValues.Create(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz !#$%()*,-./:;=?@[]^_{|}~"u8);

    long _day = long.MinValue;
    readonly byte[] _date = "0000-00-00T"u8.ToArray();

    /// <summary>Writes an item.</summary>
    /// <param name="destination">At least <see cref="MaxBytesWithoutBib"/> bytes more than the bib.</param>
    /// <param name="passing">The passing.</param>
    /// <param name="jsonBib">The bib in UTF-8, already escaped; empty: the chip stands in.</param>
    /// <returns>Bytes written.</returns>
    [SkipLocalsInit]
    public int Write(Span<byte> destination, in Passing passing, ReadOnlySpan<byte> jsonBib)
    {
        Span<byte> chipBytes = stackalloc byte[ChipCode.MaxTextLength * 6];
        Span<byte> chip = chipBytes[..FormatChip(passing.Chip, chipBytes)];
        Cursor to = new(destination);
        to.Append("{\"bib\":\""u8);
        to.Append(jsonBib.IsEmpty ? chip : jsonBib);
        to.Append("\",\"num_passing\":"u8);
        to.Append((long)passing.Number);
        to.Append(",\"timestamp\":\""u8);
        AppendTime(ref to, passing.Time);
        if (!chip.IsEmpty)
        {
            to.Append("\",\"chip\":\""u8);
            to.Append(chip);
        }

        to.Append("\""u8);
        if (passing.HasPosition)
        {
            to.Append(",\"latitude\":"u8);
            AppendDegrees(ref to, passing.LatitudeE7);
            to.Append(",\"longitude\":"u8);
            AppendDegrees(ref to, passing.LongitudeE7);
        }

        to.Append("}"u8);
        return to.Written;
    }

    /// <summary>Escapes a text for a JSON string as the writer above needs it.</summary>
    public static byte[] Escape(ReadOnlySpan<byte> utf8)
    {
        byte[] buffer = new byte[utf8.Length * 6];
        return buffer[..Escape(utf8, buffer)];
    }

    static int Escape(ReadOnlySpan<byte> utf8, Span<byte> destination)
    {
        if (!utf8.ContainsAnyExcept(Unescaped))
        {
            utf8.CopyTo(destination);
            return utf8.Length;
        }

        _ = JavaScriptEncoder.Default.EncodeUtf8(utf8, destination, out _, out int written);
        return written;
    }

    [SkipLocalsInit]
    static int FormatChip(ChipCode chip, Span<byte> destination)
    {
        if (chip.IsEpc)
            return chip.Format(destination);
        if (chip.IsEmpty)
            return 0;
        Span<byte> text = stackalloc byte[ChipCode.MaxTextLength];
        return Escape(text[..chip.Format(text)], destination);
    }

    void AppendTime(ref Cursor to, long ticks)
    {
        long day = Math.DivRem(ticks, EpochTime.TicksPerDay, out long ofDay);
        if (ofDay < 0)
        {
            day--;
            ofDay += EpochTime.TicksPerDay;
        }

        if (day != _day)
            SetDay(day);
        to.Append(_date.AsSpan());
        uint ms = (uint)(ofDay / EpochTime.TicksPerMillisecond);
        uint seconds = ms / 1000;
        uint minutes = seconds / 60;
        uint hours = minutes / 60;
        to.AppendTwoDigits(hours, (byte)':');
        to.AppendTwoDigits(minutes - (hours * 60), (byte)':');
        to.AppendTwoDigits(seconds - (minutes * 60), (byte)'.');
        uint fraction = ms - (seconds * 1000);
        uint tens = fraction / 10;
        to.AppendTwoDigits(tens, (byte)('0' + fraction - (tens * 10)));
        to.Append("Z"u8);
    }

    void SetDay(long day)
    {
        DateTime date = DateTime.UnixEpoch.AddDays(day);
        _ = date.TryFormat(_date.AsSpan(0, 10), out _, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        _day = day;
    }

    static void AppendDegrees(ref Cursor to, int degreesE7)
    {
        uint value = (uint)Math.Abs((long)degreesE7);
        if (degreesE7 < 0)
            to.Append("-"u8);
        to.Append((long)(value / 10_000_000));
        uint fraction = value % 10_000_000;
        if (fraction == 0)
            return;
        Span<byte> digits = stackalloc byte[8];
        digits[0] = (byte)'.';
        int length = 1;
        for (int i = 7; i >= 1; i--, fraction /= 10)
        {
            digits[i] = (byte)('0' + (fraction % 10));
            if (length == 1 && digits[i] != '0')
                length = i + 1;
        }

        to.Append(digits[..length]);
    }

    /// <summary>Where the next byte goes. The destination was checked to be long enough before it was made.</summary>
    ref struct Cursor(Span<byte> destination)
    {
        readonly Span<byte> _destination = destination;

        public int Written { get; private set; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Append(scoped ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_destination[Written..]);
            Written += bytes.Length;
        }

        public void Append(long number)
        {
            _ = Utf8Formatter.TryFormat(number, _destination[Written..], out int written);
            Written += written;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AppendTwoDigits(uint value, byte then)
        {
            Span<byte> to = _destination.Slice(Written, 3);
            uint tens = value * 103 >> 10;
            to[0] = (byte)('0' + tens);
            to[1] = (byte)('0' + value - (tens * 10));
            to[2] = then;
            Written += 3;
        }
    }
}
